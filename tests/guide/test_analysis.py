"""The analysis points at what exists, the guide has its ten sections, and every assistant finds the same rule."""

import re
from pathlib import Path

import pytest

from tests.guide.blocks import GUIDE, section
from tests.support import CHECKOUT
from web.cli.changelog import ANALYSIS, entries

TITLES = [
    "1. Overview & Scope",
    "2. Required Info From User",
    "3. Frontend Integration (dynamic form + UI adaptation)",
    "4. Backend Integration (API calls, polling/webhooks, storage)",
    "5. Validation, Error Handling, and Edge Cases",
    "6. Testing Plan (unit, integration, manual)",
    "7. Performance & Cost Considerations",
    "8. Security & Privacy",
    "9. Versioning, Docs, and Maintenance",
    "10. Change Log",
]
POINTERS = ["CLAUDE.md", "GEMINI.md", ".github/copilot-instructions.md", ".cursor/rules/add-video-model.mdc"]
COMMANDS = ["models missing FILE", "models add KEY"]
PLACES = ("models/", "providers/", "tasks/", "web/", "tests/")


def described() -> str:
    """The analysis before its first entry."""
    text = (CHECKOUT / ANALYSIS).read_text(encoding="utf-8")
    first = entries(text)[0].line if entries(text) else None
    return "\n".join(text.splitlines()[: first and first - 1])


def paths_in(text: str) -> set[str]:
    found = re.findall(
        r"(?<![\w/.<-])((?:models|providers|tasks|web|tests)/[\w./-]+|[\w-]+\.(?:md|toml|txt))(?![\w/*<>])",
        text,
    )
    return {path.rstrip(".,;:") for path in found}


def test_the_analysis_points_at_many_places_and_all_of_them_exist() -> None:
    paths = paths_in(described())
    assert len([path for path in paths if path.startswith(PLACES)]) > 50
    assert [path for path in sorted(paths) if not (CHECKOUT / path).exists()] == []


def test_every_file_that_the_guide_names_exists_or_is_made_by_it() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    named = {
        path for path in paths_in(text) if path.startswith(PLACES) and not re.search("acme|KEY|NAME", path)
    }
    assert len(named) > 10
    assert [path for path in sorted(named) if not (CHECKOUT / path).exists()] == []


def test_every_model_that_the_guide_names_is_there() -> None:
    named = re.findall(r"\(`([\w.-]+)`(?:, `([\w.-]+)`)*", section(5))
    keys = {key for pair in named for key in pair if key and "-" in key}
    assert len(keys) >= 5
    assert [key for key in sorted(keys) if not (CHECKOUT / "models" / f"{key}.toml").exists()] == []


def test_every_setting_that_the_description_names_is_listed_for_operators() -> None:
    listed = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    for name in re.findall(r"SHOTLIST_[A-Z_]+", described()):
        assert name in listed


def test_the_guide_has_exactly_its_ten_sections_in_order() -> None:
    assert re.findall(r"^## (.*)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE) == TITLES


def test_the_change_log_is_the_end_of_the_guide_and_each_entry_says_what_why_and_impact() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    found = entries(text)
    assert found
    assert found[0].line > text[: text.index("## 10.")].count("\n")
    assert all(len(re.split(r" / ", entry.text)) >= 3 for entry in found)


def test_the_rule_is_in_agents_md_in_its_order() -> None:
    rule = (CHECKOUT / "AGENTS.md").read_text(encoding="utf-8")
    steps = ["ADD-VIDEO-MODEL", GUIDE.name, ANALYSIS, *COMMANDS, "make check"]
    assert [rule.index(step) for step in steps] == sorted(rule.index(step) for step in steps)


@pytest.mark.parametrize("file", POINTERS)
def test_other_assistants_find_the_same_rule_in_one_paragraph(file: str) -> None:
    text = (CHECKOUT / file).read_text(encoding="utf-8").split("---\n")[-1].strip()
    assert "\n" not in text
    for word in ("ADD-VIDEO-MODEL", GUIDE.name, ANALYSIS, *COMMANDS, "AGENTS.md"):
        assert word in text
    link = re.search(r"\]\((?:mdc:)?([^)]+)\)", text)
    assert link
    at = CHECKOUT if "mdc:" in text else (CHECKOUT / file).parent
    assert (at / link[1]).resolve() == Path(CHECKOUT / "AGENTS.md").resolve()
