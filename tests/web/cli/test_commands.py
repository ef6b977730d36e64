"""The command line without a server: models, providers, usage."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from providers.outcomes import KeyCheck
from tasks.database import open_database
from tasks.provider_keys import ProviderKeys
from tasks.settings import load_secret, prepare_data_dir, read_settings
from tests.support import CHECKOUT, command, environ

pytestmark = pytest.mark.slow


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environ(tmp_path / "data", 8420)


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A copy of a good model, to be broken."""
    return Path(shutil.copy(CHECKOUT / "models" / "ltx-2.toml", tmp_path / "draft.toml"))


def test_all_that_we_ship_is_right(env: dict[str, str]) -> None:
    ended = command("models", "check", env=env)
    assert (ended.returncode, ended.stderr) == (0, "")
    files = [*(CHECKOUT / "models").glob("*.toml"), *(CHECKOUT / "providers").glob("*.toml")]
    assert ended.stdout == f"{len(files)} files checked: nothing is wrong.\n"


def test_a_typo_is_told_with_file_key_and_the_nearest_key(env: dict[str, str], draft: Path) -> None:
    draft.write_text(draft.read_text().replace("display_name", "display_nmae"))
    ended = command("models", "check", str(draft), env=env)
    assert ended.returncode == 1
    line = next(line for line in ended.stdout.splitlines() if "display_nmae" in line)
    assert str(draft) in line
    assert "did you mean display_name?" in line


def test_several_problems_are_told_at_once_and_counted(env: dict[str, str], draft: Path) -> None:
    text = (
        draft.read_text()
        .replace('provider = "fal"', 'provider = "fall"')
        .replace("typical_sec", "typical_secs")
    )
    draft.write_text(text)
    other = draft.with_name("other.toml")
    other.write_text("[broken")
    ended = command("models", "check", str(draft), str(other), env=env)
    assert ended.returncode == 1
    assert "typical_secs" in ended.stdout
    assert "other.toml" in ended.stdout
    assert ended.stdout.splitlines()[-1].endswith("in 2 files.")


def test_a_provider_that_nobody_speaks_to_is_a_problem(env: dict[str, str], draft: Path) -> None:
    draft.write_text(draft.read_text().replace('provider = "fal"', 'provider = "fall"'))
    ended = command("models", "check", str(draft), env=env)
    assert ended.returncode == 1
    assert "'fall' has no wire; did you mean fal?" in ended.stdout


def test_wires_are_checked_too(env: dict[str, str], tmp_path: Path) -> None:
    wire = tmp_path / "acme.toml"
    wire.write_text((CHECKOUT / "providers" / "fal.toml").read_text().replace("[submit]", "[submitt]"))
    ended = command("models", "check", str(wire), env=env)
    assert ended.returncode == 1
    assert "submitt" in ended.stdout


def test_a_model_without_fields_is_told_as_a_model(env: dict[str, str], draft: Path) -> None:
    draft.write_text('display_name = "A"\nstatus = "reviewed"\n')
    ended = command("models", "check", str(draft), env=env)
    assert ended.returncode == 1
    assert "fields: is missing; expected a list" in ended.stdout


def test_a_folder_without_any_file_is_not_called_right(env: dict[str, str], tmp_path: Path) -> None:
    ended = command("models", "check", str(tmp_path), env=env)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"shotlist: There is no .toml file in {tmp_path}.\n"


def test_a_folder_stands_for_its_files(env: dict[str, str], draft: Path) -> None:
    ended = command("models", "check", str(draft.parent), env=env)
    assert (ended.returncode, ended.stdout) == (0, "1 file checked: nothing is wrong.\n")


def test_a_file_that_is_not_there_is_a_problem(env: dict[str, str], tmp_path: Path) -> None:
    ended = command("models", "check", str(tmp_path / "nothing.toml"), env=env)
    assert ended.returncode == 1
    assert "nothing.toml" in ended.stdout


def test_the_operators_own_models_are_listed_and_checked(env: dict[str, str], draft: Path) -> None:
    env["SHOTLIST_MODELS_DIR"] = str(draft.parent)
    listed = command("models", "list", env=env).stdout
    assert "draft " in listed
    assert "kling-v2.1-master" in listed
    draft.write_text("broken =")
    assert command("models", "check", env=env).returncode == 1


def test_the_list_says_of_what_a_second_is_counted(env: dict[str, str]) -> None:
    lines = command("models", "list", env=env).stdout.splitlines()
    prices = {line.split()[0]: line for line in lines}
    assert prices["omni-human"].endswith("$0.14 a second of your audio")
    assert prices["comfyui-title-card"].endswith("$0.00 a clip")
    assert [line for line in lines if line.endswith("$0.00 a clip") and " comfyui " not in line] == []


def test_a_payload_sends_an_emptied_text_empty_and_refuses_a_prompt_that_shows_nothing(
    env: dict[str, str],
) -> None:
    def payload(**values: str) -> subprocess.CompletedProcess[str]:
        given = json.dumps({"prompt": "A paper boat", **values})
        return command("models", "payload", "kling-v2.6-pro-on-fal", "--values", "-", env=env, stdin=given)

    assert json.loads(payload(negative_prompt="").stdout)["body"]["negative_prompt"] == ""
    assert json.loads(payload().stdout)["body"]["negative_prompt"] == "blur, distort, and low quality"
    refused = payload(prompt="\u200b")
    assert (refused.returncode, refused.stderr) == (1, "prompt: Prompt is needed.\n")


def test_a_payload_is_shown_with_nothing_sent(env: dict[str, str]) -> None:
    values = json.dumps({"prompt": "A paper boat", "duration": 10})
    ended = command("models", "payload", "kling-v2.1-master", "--values", "-", env=env, stdin=values)
    assert (ended.returncode, ended.stderr) == (0, "")
    request = json.loads(ended.stdout)
    assert request["method"] == "POST"
    assert request["url"] == "https://api.replicate.com/v1/models/kwaivgi/kling-v2.1-master/predictions"
    assert request["body"]["input"] == {"prompt": "A paper boat", "duration": 10, "aspect_ratio": "16:9"}


def test_a_payload_of_wrong_values_tells_each_field(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "values.json"
    file.write_text('{"duration": 7}')
    ended = command("models", "payload", "kling-v2.1-master", "--values", str(file), env=env)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert {line.partition(":")[0] for line in ended.stderr.splitlines()} == {"prompt", "duration"}


@pytest.mark.parametrize("text", ["{", "[]", "5", '{"prompt": "\\ud800"}', '{"prompt": NaN}', "[" * 5000])
def test_values_that_cannot_be_read_are_told(env: dict[str, str], text: str) -> None:
    ended = command("models", "payload", "kling-v2.1-master", "--values", "-", env=env, stdin=text)
    assert ended.returncode == 1
    assert ended.stderr.startswith("shotlist: The values in - ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--port", "99999"), "whole number from 0 to 65535"),
        (("--port", "-1"), "whole number from 0 to 65535"),
        (("--speed", "0"), "0.1 to 1000"),
        (("--speed", "nan"), "0.1 to 1000"),
        (("--folder", "/dev/null/x"), "cannot use /dev/null/x"),
    ],
)
def test_a_sandbox_that_cannot_start_says_why(
    env: dict[str, str], option: tuple[str, str], said: str
) -> None:
    ended = command("sandbox", "--port", "0", *option, env=env)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_an_unknown_model_has_no_payload(env: dict[str, str]) -> None:
    ended = command("models", "payload", "nothing", "--values", "-", env=env, stdin="{}")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)


def test_providers_tell_whether_their_key_is_set_and_never_the_key(env: dict[str, str]) -> None:
    env["FAL_KEY"] = "secret:secret"
    ended = command("providers", "--json", env=env)
    assert ended.returncode == 0
    told = {each["name"]: each for each in json.loads(ended.stdout)}
    assert told["fal"]["key_state"] == "set"
    assert told["fal"]["key_name"] == "FAL_KEY"
    assert told["replicate"]["key_state"] == "missing"
    assert told["replicate"]["wire_file"] == "replicate.toml"
    assert all(isinstance(hook, str) for each in told.values() for hook in each["hooks"])
    assert "kling-v2.1-master" in told["replicate"]["models"]
    assert "secret" not in ended.stdout + command("providers", env=env).stdout


async def test_providers_count_stored_keys_without_a_server(env: dict[str, str], tmp_path: Path) -> None:
    assert not (tmp_path / "data").exists()
    command("providers", env=env)
    assert not (tmp_path / "data").exists(), "telling makes nothing"
    settings = read_settings(env)
    prepare_data_dir(settings)
    database = await open_database(settings.database_url)
    keys = ProviderKeys(database, load_secret(settings))
    await keys.set("fal", "stored:secret")
    await keys.set("replicate", "refused-secret")
    await keys.note_check("replicate", "refused-secret", KeyCheck("refused", "no such token"))
    await database.close()
    ended = command("providers", "--json", env=env)
    assert (ended.returncode, ended.stderr) == (0, "")
    told = {each["name"]: (each["key_state"], each["key_source"]) for each in json.loads(ended.stdout)}
    assert told["fal"] == ("set", "stored")
    assert told["replicate"] == ("refused", "stored")
    assert told["runway"] == ("missing", None)
    assert "secret" not in ended.stdout
    (tmp_path / "data" / "shotlist.db").write_text("no database at all " * 100)
    broken = command("providers", "--json", env=env)
    assert broken.returncode == 0
    assert "the stored keys could not be read" in broken.stderr
    assert json.loads(broken.stdout)


def test_a_command_that_is_none_tells_those_that_are(env: dict[str, str]) -> None:
    for words in ((), ("sevre",), ("models",)):
        ended = command(*words, env=env)
        assert ended.returncode == 2
        assert ended.stderr.startswith("usage: shotlist")
    assert "serve" in command("--help", env=env).stdout


def test_help_is_quick_for_it_imports_no_more_than_it_needs() -> None:
    script = "import sys, web.cli; web.cli.parser(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    heavy = {"litestar", "piccolo", "av", "aiohttp", "arq", "uvicorn", "PIL"}
    assert heavy & set(loaded.stdout.split()) == set()
