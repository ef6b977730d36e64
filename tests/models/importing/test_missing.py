"""What a draft still lacks, asked in the order in which a person would answer."""

from pathlib import Path

import pytest

from models.importing.questions import missing
from tests.models.importing.test_drift import SPEC

MODELS = sorted((Path(__file__).parents[3] / "models").glob("*.toml"))


def asked(text: str) -> list[str]:
    return [question.field for question in missing(text)]


def test_an_empty_draft_is_asked_everything_in_order() -> None:
    assert asked("") == [
        "display_name", "family", "provider", "endpoint", "source", "checked", "modes", "fields.prompt", "fields",
        "constraints", "price", "price.source", "price.checked", "examples.inputs", "examples.body",
    ]  # fmt: skip


def test_every_question_has_an_example_and_a_place() -> None:
    for question in missing(""):
        assert question.question.strip().endswith(("?", ".", "…")), question
        assert question.example, question
        assert question.goes_to, question


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ('display_name = "Acme Dream 2"\n', "display_name"),
        ('provider = "fal"\n', "provider"),
        ("checked = 2026-11-23\nfields", "checked"),
        ('modes = ["t2v", "i2v"]\n', "modes"),
        ("rates = [{ unknown = true }]\n", "price"),
        ('source = "nobody says"\n', "price.source"),
        ('body = { watermark = false, prompt = "A boat", duration = 5 }\n', "examples.body"),
        (", options = [5, 10]", "fields[2].options"),
        ('type = "image", ', "fields[1].type"),
    ],
)
def test_only_what_is_missing_is_asked(line: str, field: str) -> None:
    assert asked(SPEC) == []
    assert line in SPEC
    assert asked(SPEC.replace(line, "fields" if line.endswith("fields") else "")) == [field]


def test_an_endpoint_for_each_mode_is_asked() -> None:
    assert asked(SPEC.replace('"acme/dream/text-to-video"', '{ t2v = "a/t" }')) == ["endpoint.i2v"]


def test_the_answers_given_as_examples_leave_nothing_to_ask() -> None:
    top: dict[str, list[str]] = {}
    for question in missing(""):
        if question.field != "fields" and question.field != "fields.prompt":
            top.setdefault(question.goes_to, []).append(question.example)
    fields = "\n".join(question.example for question in missing("") if question.field.startswith("fields"))
    first, *tables = top.items()
    text = "\n".join(first[1]) + f"\nfields = [\n{fields}\n]\n"
    text += "\n".join(f"{place}\n" + "\n".join(lines) for place, lines in tables)
    assert asked(text) == []


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_of_ours_lacks_nothing(path: Path) -> None:
    assert asked(path.read_text(encoding="utf-8")) == []
