"""Settings: what is accepted, and the sentence for what is not."""

from pathlib import Path

import pytest

from tasks.settings import SettingsError, load_secret, prepare_data_dir, read_environ, read_settings


def test_nothing_set_means_loopback_sqlite_embedded_queue_and_files() -> None:
    settings = read_settings({})
    assert settings.address == "http://127.0.0.1:8420"
    assert settings.database_url == f"sqlite:///{settings.data_dir / 'shotlist.db'}"
    assert settings.redis_url == ""
    assert settings.models_dirs[0].name == "models"


def test_postgres_and_redis_are_taken_by_their_addresses() -> None:
    settings = read_settings(
        {"SHOTLIST_DATABASE_URL": "postgresql://u:p@db/shotlist", "SHOTLIST_REDIS_URL": "redis://q:6379/0"}
    )
    assert settings.database_url == "postgres://u:p@db/shotlist"
    assert settings.redis_url == "redis://q:6379/0"
    assert settings.sqlite_path is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SHOTLIST_PORT", "eighty", "whole number from 1 to 65535"),
        ("SHOTLIST_PORT", "70000", "whole number from 1 to 65535"),
        ("SHOTLIST_MAX_RESULT_MB", "0", "whole number of megabytes"),
        ("SHOTLIST_MAX_RESULT_MB", "4 GB", "whole number of megabytes"),
        ("SHOTLIST_HOST", "0.0.0.0", "no accounts yet"),
        ("SHOTLIST_HOST", "example.org", "loopback"),
        ("SHOTLIST_REDIS_URL", "localhost:6379", "redis://"),
        ("SHOTLIST_DATABASE_URL", "mysql://x/y", "postgres://"),
        ("SHOTLIST_DATABASE_URL", "sqlite:///relative.db", "absolute"),
        ("SHOTLIST_STORAGE_URL", "gs://videos", "s3://bucket/prefix"),
        ("SHOTLIST_STORAGE_URL", "s3://key:word@videos", "AWS_SECRET_ACCESS_KEY"),
        ("SHOTLIST_STORAGE_URL", "s3://videos?endpont=https://x", "endpont is not known"),
        ("SHOTLIST_PUBLIC_URL", "shots.example.org", "https://"),
        ("SHOTLIST_PORT", "\u0663\u0664", "whole number from 1 to 65535"),
        ("SHOTLIST_DATABASE_URL", "postgres://ann@db:port/x", "postgres://"),
        ("SHOTLIST_DATABASE_URL", "postgres://ann@[::1/x", "postgres://"),
        ("SHOTLIST_REDIS_URL", "redis://queue:99999/0", "redis://"),
        ("SHOTLIST_REDIS_URL", "redis://[::1", "redis://"),
        ("SHOTLIST_PUBLIC_URL", "https://shots.example.org:port", "https://"),
        ("SHOTLIST_SANDBOX_URL", "http://[x", "http://"),
        ("SHOTLIST_FAL_BASE_URL", "queue.fal.run", "https://"),
        ("SHOTLIST_FAL_BASE_URL", "ftp://queue.fal.run", "https://"),
        ("SHOTLIST_SECRET", "short", "32 random characters"),
        ("SHOTLIST_SANDBOX_SPEED", "fast", "0.1 to 1000"),
        ("SHOTLIST_MODELS_DIR", "/nowhere/at/all", "not a folder"),
        ("SHOTLIST_DATABSE_URL", "sqlite:////x", "Did you mean SHOTLIST_DATABASE_URL?"),
        ("SHOTLIST_COLOUR", "red", ".env.example"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({name: value})
    sentence = str(caught.value)
    assert name in sentence
    assert said in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("name", ["SHOTLIST_DATABASE_URL", "SHOTLIST_REDIS_URL", "SHOTLIST_PUBLIC_URL"])
def test_a_wrong_address_is_not_repeated_for_it_may_hold_a_password(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({name: "mysql://ann:hunter2@db/x"})
    assert "hunter2" not in str(caught.value)


def test_a_base_url_of_any_provider_is_a_setting() -> None:
    environ = {"SHOTLIST_SOME_THING_BASE_URL": "http://127.0.0.1:1", "HOME": "/"}
    assert read_settings(environ).environ["SHOTLIST_SOME_THING_BASE_URL"] == "http://127.0.0.1:1"


def test_a_database_may_be_several_hosts() -> None:
    url = "postgres://u:p@one:5432,two:5433/shotlist"
    assert read_settings({"SHOTLIST_DATABASE_URL": url}).database_url == url


def test_a_variable_that_is_set_wins_over_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("FAL_KEY=from-file\nSHOTLIST_PORT=9001\n")
    monkeypatch.setenv("SHOTLIST_PORT", "9002")
    environ = read_environ(file)
    assert (environ["FAL_KEY"], environ["SHOTLIST_PORT"]) == ("from-file", "9002")


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    settings = read_settings({"SHOTLIST_DATA_DIR": str(tmp_path / "file" / "data")})
    with pytest.raises(SettingsError, match="SHOTLIST_DATA_DIR"):
        prepare_data_dir(settings)


def test_the_secret_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = read_settings({"SHOTLIST_DATA_DIR": str(tmp_path / "data")})
    prepare_data_dir(settings)
    first = load_secret(settings)
    assert len(first) >= 32
    assert load_secret(settings) == first
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o077 == 0


def test_every_setting_is_in_the_example_file() -> None:
    from tasks.settings import CHECKOUT, NAMES

    example = (CHECKOUT / ".env.example").read_text()
    assert [name for name in NAMES if f"SHOTLIST_{name}=" not in example] == []
