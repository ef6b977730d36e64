"""Section 2 against the code: every key exists, what is required is asked, what is assumed is the default."""

import msgspec
import pytest

from models.importing.questions import missing
from models.spec.fields import KINDS, Field
from tasks.settings import NAMES
from tests.guide.blocks import Row, required_information
from tests.guide.grammar import ROOTS, fields_at

ROWS = required_information()

ITEMS = (
    "model name", "provider", "version", "modes", "audio", "transparency", "loop", "duration", "resolution", "fps",
    "aspect ratios", "file size and type", "steps", "cfg", "seed", "motion strength", "negative prompt", "safety",
    "base url", "path", "method", "headers", "auth", "request schema", "response schema", "webhook", "polling",
    "time-out", "retry", "error codes", "required", "enums", "defaults", "conditional fields", "placeholders", "help",
    "output formats", "storage target", "cdn", "price", "latency", "queue", "minimal payload", "full payload",
)  # fmt: skip


@pytest.mark.parametrize("item", ITEMS)
def test_every_piece_of_required_information_has_its_place(item: str) -> None:
    rows = [row for row in ROWS if item in row.item.lower()]
    assert rows, f"section 2 does not say where {item} goes"
    assert all(row.keys and row.required and row.otherwise for row in rows)


def test_the_sample_response_is_told_of_too() -> None:
    assert len(ROWS) > 60
    assert {row.head for row in ROWS} == {*ROOTS, "Setting"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.item[:30]} ({row.head})")
def test_every_named_key_is_in_the_grammar(row: Row) -> None:
    assert row.keys
    for key in row.keys:
        if row.head == "Setting":
            assert key.removeprefix("SHOTLIST_") in NAMES
        else:
            assert fields_at(row.head, key), f"{key} is no key of {row.head}"


@pytest.mark.parametrize(
    "key", ["displayname", "fields[].optons", "price.rates[].euro", "submit.pth", "rules[].wehn", "name"]
)
def test_a_key_that_is_not_in_the_grammar_would_be_found(key: str) -> None:
    assert not any(fields_at(head, key) for head in ROOTS)


def test_what_a_model_must_have_is_marked_so_and_asked_for() -> None:
    asked = {question.field.removeprefix("capabilities.") for question in missing("")}
    for row in (row for row in ROWS if row.head == "Key in models/KEY.toml" and row.required == "yes"):
        names = {key.removeprefix("capabilities.").replace("[]", "") for key in row.keys}
        assert any(name in asked or name.partition(".")[0] in asked for name in names), (
            f"nobody asks for {row.item}"
        )
    yes = {
        key.partition(".")[0].partition("[")[0] for row in ROWS if row.required == "yes" for key in row.keys
    }
    for head, struct in ROOTS.items():
        needed = {info.encode_name for info in msgspec.structs.fields(struct) if info.required}
        told = {
            key.partition(".")[0].partition("[")[0] for row in ROWS if row.head == head for key in row.keys
        }
        written = (
            needed - {"key", "file", "display_name", "source", "checked"}
            if head.endswith("NAME.toml")
            else needed - {"key", "file"}
        )
        assert written - {"error"} <= yes
        assert written <= told


@pytest.mark.parametrize("row", [row for row in ROWS if row.head in ROOTS], ids=lambda row: row.item[:40])
def test_what_is_assumed_is_the_default_of_the_grammar(row: Row) -> None:
    for key in row.keys:
        for info in fields_at(row.head, key):
            default = info.default
            if isinstance(default, int | float) and not isinstance(default, bool) and default > 1:
                assert f"{default:g}" in row.otherwise, f"{key} is {default} where it is not given"


def test_every_kind_of_field_that_is_named_exists() -> None:
    named = {word for row in ROWS for word in row.item.replace("`", " ").split() if f"`{word}`" in row.item}
    assert named
    assert named <= {*KINDS, *(info.encode_name for info in msgspec.structs.fields(Field))}
