"""The written pages: what they name exists, links lead somewhere, and what they list is all that there is."""

import argparse
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.docs.pages import DOCS, markdown_files, text_of
from tests.guide.blocks import section
from tests.support import CHECKOUT
from web.cli import parser

PAGES = markdown_files()
CONTRIBUTING = CHECKOUT / "CONTRIBUTING.md"
TOP = ("models/", "providers/", "tasks/", "web/", "tests/", "bench/", "docs/", ".github/", ".ci/", "video_")
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))


def named(text: str) -> set[str]:
    """Every file and folder of ours that a text names in backticks."""
    words = re.findall(r"`([\w./-]+(?:\.\w+|/))`", text)
    return {word for word in words if word.startswith(TOP)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    assert [path for path in sorted(named(page.read_text())) if not (CHECKOUT / path).exists()] == []


def test_the_pages_name_many_files() -> None:
    assert len({path for page in PAGES for path in named(page.read_text())}) > 60


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if "://" in link or not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, CHECKOUT / "README.md"], ids=lambda page: page.name)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    for told in re.findall(r"`(?:\.venv/bin/)?shotlist ([^`]+)`", page.read_text()):
        words = [word for word in told.split() if word.islower() and word.isalpha()]
        assert _is_command(parser(), words), f"shotlist {told}"


def _is_command(of: argparse.ArgumentParser, words: list[str]) -> bool:
    """Whether these words lead from verb to verb, as far as there are verbs."""
    verbs: Any = next((act.choices for act in of._actions if isinstance(act, argparse._SubParsersAction)), {})
    if not verbs or not words:
        return True
    return words[0] in verbs and _is_command(verbs[words[0]], words[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`", page.read_text())) <= targets


def test_decisions_are_numbered_without_a_gap_and_titled_as_their_file() -> None:
    assert len(DECISIONS) >= 10
    for number, path in enumerate(DECISIONS, start=1):
        assert path.name.startswith(f"{number:04d}-")
        title = path.read_text().splitlines()[0]
        assert title.startswith(f"# {number}. ")
        plain = re.sub(r"[^a-z0-9]+", "-", title.partition(". ")[2].lower())
        assert set(path.stem.split("-")[1:]) & set(plain.split("-"))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem[:4])
def test_a_decision_says_why_what_follows_and_what_would_change_it(path: Path) -> None:
    text = path.read_text()
    assert re.search(r"^Status: (accepted|superseded by \d{4}), \d{4}-\d{2}-\d{2}$", text, re.MULTILINE)
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert heads == ["Context", "Decision", "What follows", "What would change our mind"]
    assert len(text.split()) < 500, "a record is short"


def test_the_glossary_is_one_line_a_word_in_order() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text_of("glossary.md"), re.MULTILINE)[1:]
    words = [word for word, _ in rows]
    assert len(words) > 50
    assert words == sorted(set(words), key=str.lower)
    assert all(text.endswith(".") and len(text) < 140 for _, text in rows)


def test_every_folder_of_tests_and_of_code_has_its_line() -> None:
    table = CONTRIBUTING.read_text().partition("## Which tests")[2].partition("\n## ")[0]
    folders = [path.parent.relative_to(CHECKOUT) for path in (CHECKOUT / "tests").glob("*/test_*.py")]
    assert {f"`{folder}`" for folder in map(str, folders)} - set(re.findall(r"`[\w/]+`", table)) == set()
    changed = " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))
    assert all(floor in changed for floor in ("models/", "providers/", "tasks/", "web/", "docs/"))


def test_the_map_and_the_guide_tell_of_the_pages() -> None:
    readme = (CHECKOUT / "README.md").read_text()
    assert all(f"docs/{page}" in readme for page in ("architecture.md", "glossary.md", "model-reference.md"))
    assert all(page in section(2) for page in ("docs/model-reference.md", "docs/provider-reference.md"))


def test_the_hooks_of_a_commit_fetch_nothing_and_run_what_make_check_runs() -> None:
    config = msgspec.yaml.decode((CHECKOUT / ".pre-commit-config.yaml").read_bytes())
    gate = (CHECKOUT / "Makefile").read_text().partition("check: ")[2].partition("\n\n")[0]
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    for hook in config["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        tool, *words = hook["entry"].removesuffix(" --force-exclude").split()
        assert f"$(BIN)/{' '.join([Path(tool).name, *words])}" in gate
        assert (CHECKOUT / tool).exists()


def test_the_editor_finds_both_schemas() -> None:
    text = (CHECKOUT / ".taplo.toml").read_text()
    for noun in ("models", "providers"):
        assert f'include = ["{noun}/*.toml"]' in text
        assert f'path = "./{noun}/schema.json"' in text
        assert (CHECKOUT / noun / "schema.json").exists()
