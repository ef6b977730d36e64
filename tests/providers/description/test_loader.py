"""Reading wires: the shipped ones are sound, and every mistake is told by place, key and nearest name."""

import copy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.spec.schema import Problem
from providers.description.loader import complaints, read_description, to_description
from providers.description.schema import ProviderDescription
from tests.providers.descriptions import FOLDER, NAMES

GOOD = (FOLDER / "replicate.toml").read_text()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_wire_is_sound(path: Path) -> None:
    wire = read_description(path)
    assert isinstance(wire, ProviderDescription), wire
    assert wire.name == path.stem


def problem_of(tmp_path: Path, old: str, new: str) -> Problem:
    assert old in GOOD
    path = tmp_path / "acme.toml"
    path.write_text(GOOD.replace(old, new, 1))
    problems = read_description(path)
    assert isinstance(problems, tuple)
    return problems[0]


@pytest.mark.parametrize(
    ("old", "new", "place", "key", "says"),
    [
        ("state    =", "stat =", "status", "stat", "did you mean state?"),
        ("[submit.merge]", "[submit.merg]", "submit", "merg", "did you mean merge?"),
        ("moderation =", "moderaton =", "error", "classes", "did you mean moderation?"),
        ('failed     = "failed"', 'failed = "faild"', "status", "map.failed", "did you mean failed?"),
        ('id    = "/id"', "", "submit", "id", "is required"),
        ('id    = "/id"', "id = 5", "submit", "id", "expected `str | array`"),
        ('id    = "/id"', 'id = "id"', "submit", "id", 'must begin with "/"'),
        ("https://api.replicate.com", "https://api.replicate.com/v1", "", "base", "must be an origin"),
        ("https://api.replicate.com", "replicate.com", "", "base", "must be an origin"),
        ("{endpoint}/pred", "{endpont}/pred", "submit", "path", "{endpont} is not known here; did you mean endpoint?"),
        ('version = "{version}"', 'version = "{prompt}"', "submit", "merge", "{prompt} is not known here"),
        ('version = "{version}"', 'version = "{body}"', "submit", "merge", "{body} is not known here"),
        ('version = "{version}"', 'version = "{version"', "submit", "merge", "has a brace"),
        ('"/v1/predictions" }', '"v1/predictions" }', "submit", "path", 'must begin with "/"'),
        ('"/v1/predictions/{id}"]', '"/v1/predictions/{id|upper}"]', "status", "path", "there is no filter upper"),
        ("'^\\s*(\\d+)%", "'^\\s*(\\d+%", "status", "progress_in_log", "is not a regular expression"),
        ("'resets in ~?(\\d+)s'", "'resets in'", "error", "wait", "needs a group"),
        ('header = "Authorization", ', "", "auth", "header", "give either header or query"),
        ("Bearer {key}", "Bearer {token}", "auth", "value", "{token} is not known here (known: key)"),
        ('inline = "{data_uri}"', 'inline = "{data-uri}"', "media.any", "inline", "has a brace"),
        ('handle    = "{address}"', 'handle = "{adress}"', "media.upload", "handle", "did you mean address?"),
        ('content = "{file}"', 'content = "{body}"', "media.upload.calls[0]", "body", "{body} is not known here"),
        ('"Bearer {key}" }', '"Bearer {key}", sign = "kling-jtw" }', "auth", "sign", "did you mean kling-jwt?"),
        ('verify = "standard-', 'verify = "standerd-', "webhook", "verify", "did you mean standard-webhooks?"),
        ('keys   = "/key"', 'keys = "key"', "webhook", "keys", 'must begin with "/"'),
        ('path = "/v1/predictions"\n\n[poll]', 'path = "/v1/{id}"\n[poll]', "check", "path", "{id} is not known here"),
        ("[submit.merge]", 'body = "{built}"\nbuild = "comfy-graph"\n[submit.merge]', "submit", "build",
         "did you mean comfyui-graph?"),
        ("[submit.merge]", 'lookup = "{id}"\n[submit.merge]', "submit", "lookup", "{id} is not known here"),
        ("wait    =", "hide = ['(']\nwait    =", "error", "hide", "is not a regular expression"),
        ("rules    =", "gone = ['(']\nrules    =", "status", "gone", "is not a regular expression"),
        ('body = { content = "{file}" }', "body = 5, merge = { a = 1 }", "media.upload.calls[0]", "merge", "a table"),
        ("[media.any]", "[media.any]\nurl = true", "media.any", "url", "is a template, or false"),
        ('display_name = "Replicate"', 'display_name = "R"\nname = "x"', "", "name", "is the name of the file"),
        ('display_name = "Replicate"', "display_name = ", "", "", "is not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_the_nearest_name(
    tmp_path: Path, old: str, new: str, place: str, key: str, says: str
) -> None:
    problem = problem_of(tmp_path, old, new)
    assert (problem.file, problem.place, problem.key) == ("acme.toml", place, key)
    assert says in problem.sentence


def test_a_body_is_placed_exactly_once(tmp_path: Path) -> None:
    for body in ('"x"', '{ a = "{body}", b = "{body}" }', "{}"):
        problem = problem_of(tmp_path, 'id    = "/id"', f'id = "/id"\nbody = {body}')
        assert (problem.place, problem.key) == ("submit", "body")


def test_all_soundness_problems_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text(GOOD.replace('id    = "/id"', 'id = "id"').replace("resets in ~?(", "resets in ~?(("))
    problems = read_description(path)
    assert isinstance(problems, tuple)
    assert len(problems) == 2


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert isinstance(read_description(tmp_path / "none.toml"), tuple)


def broken(value: Any) -> Iterator[Any]:
    """The document with one thing wrong, for each thing that can be."""
    if isinstance(value, dict):
        for key in value:
            yield {("zz" if name == key else name): member for name, member in value.items()}
            for other in broken(value[key]):
                yield {**value, key: other}
            yield {**value, key: [[]]}
    elif isinstance(value, list):
        for at in range(len(value)):
            for other in broken(value[at]):
                yield [*value[:at], other, *value[at + 1 :]]
    else:
        yield {"zz": 1}
        yield [5]
        yield 5.5


@pytest.mark.parametrize("name", NAMES)
def test_no_mistake_anywhere_breaks_the_explanation(name: str) -> None:
    whole = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    told = 0
    for document in broken(copy.deepcopy(whole)):
        outcome = to_description(f"{name}.toml", document)
        if isinstance(outcome, tuple):
            told += 1
            assert all(problem.sentence for problem in outcome)
        else:
            assert not list(complaints(outcome))
    assert told > 100
