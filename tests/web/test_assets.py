"""Static files: hashed, typed, compressed, and only those of the folder."""

import gzip
import os
from pathlib import Path

import pytest

from web.layout import TYPES, Assets, our_assets


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    folder = tmp_path / "static"
    (folder / "deep").mkdir(parents=True)
    (folder / "app.css").write_text("body { color: red }\n" * 50)
    (folder / "deep" / "icon.svg").write_text("<svg></svg>")
    (folder / "notes").write_text("no type")
    (tmp_path / "secret.txt").write_text("secret")
    return Assets(folder)


def test_a_style_sheet_has_its_type_and_a_smaller_form(assets: Assets) -> None:
    asset = assets.get("app.css")
    assert asset is not None
    assert asset.content_type == "text/css"
    assert asset.gzipped is not None
    assert gzip.decompress(asset.gzipped) == asset.body
    assert len(asset.gzipped) < len(asset.body)


def test_what_does_not_get_smaller_is_sent_as_it_is(assets: Assets) -> None:
    asset = assets.get("deep/icon.svg")
    assert asset is not None
    assert asset.gzipped is None


def test_an_address_changes_with_the_content(assets: Assets) -> None:
    before = assets.url("app.css")
    assert before.startswith("/static/app.css?v=")
    assert assets.url("app.css") == before
    path = assets.folder / "app.css"
    path.write_text("body { color: blue }")
    os.utime(path, (1, 1))
    assert assets.url("app.css") != before


@pytest.mark.parametrize(
    "name", ["../secret.txt", "deep/../../secret.txt", "/etc/hosts.txt", "notes", "no.css", "", "deep"]
)
def test_what_is_not_a_file_of_the_folder_is_not_there(assets: Assets, name: str) -> None:
    assert assets.get(name) is None


def test_a_missing_file_is_found_out_by_the_template_that_names_it(assets: Assets) -> None:
    with pytest.raises(KeyError, match=r"no\.css"):
        assets.url("no.css")


def test_every_file_that_we_ship_has_a_type() -> None:
    shipped = [path for path in our_assets().folder.rglob("*") if path.is_file()]
    assert shipped
    assert [path.name for path in shipped if path.suffix not in TYPES] == []
