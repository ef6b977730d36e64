"""The templates as files: one for each field type, and nothing that the content policy forbids."""

import re
from pathlib import Path

import pytest

from models.spec.fields import KINDS
from web.layout import TEMPLATES as FOLDER
from web.layout import environment

TEMPLATES = sorted(FOLDER.rglob("*.html"))


def test_every_field_type_has_one_template_of_its_name() -> None:
    assert {path.stem for path in (FOLDER / "fields").glob("*.html")} == set(KINDS)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_holds_a_style_a_script_or_code_in_an_attribute(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|hx-on|javascript:|js:", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_element_that_asks_the_server_names_its_target_and_its_swap(path: Path) -> None:
    for element in re.findall(r"<\w+[^>]*\shx-(?:get|post)=(?:[^>]|\{%.*?%\})*>", path.read_text()):
        assert "hx-target=" in element, element
        assert "hx-swap=" in element, element


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_template_compiles(path: Path) -> None:
    environment().get_template(str(path.relative_to(FOLDER)))


def test_a_name_that_does_not_exist_is_an_error_and_text_is_escaped() -> None:
    made = environment()
    assert made.from_string("{{ words }}").render(words="<b>") == "&lt;b&gt;"
    with pytest.raises(Exception, match="undefined"):
        made.from_string("{{ missing }}").render()
