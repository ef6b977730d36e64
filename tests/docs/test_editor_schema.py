"""The JSON Schemas for editors: as they would be made now, taking every file that is right and no typical mistake."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from jsonschema import Draft7Validator, FormatChecker

from models.spec.fields import KINDS
from models.spec.grammar import keys_of, keys_with_kinds, tables
from models.spec.loader import build_spec
from models.spec.schema import Spec
from providers.description.loader import to_description
from providers.description.schema import ProviderDescription
from tests.docs.pages import examples
from tests.guide.blocks import of_kind
from tests.support import CHECKOUT, environ
from web.cli.schema import PAGES, Noun, schema_text

NOUNS: tuple[Noun, ...] = get_args(Noun)
FILES = [(noun, path) for noun in NOUNS for path in sorted((CHECKOUT / noun).glob("*.toml"))]
TYPED = sorted((CHECKOUT / "tests" / "models" / "hard_cases").glob("*.toml"))

KEYWORDS = {
    "$ref", "type", "enum", "pattern", "format", "default", "minimum", "description", "x-taplo",
    "properties", "required", "additionalProperties", "minProperties", "items", "minItems", "if", "then", "else",
}  # fmt: skip


@cache
def schema(noun: Noun) -> dict[str, Any]:
    read: dict[str, Any] = msgspec.json.decode(schema_text(noun))
    return read


def refusals(noun: Noun, document: Any) -> list[str]:
    """What an editor would underline: the place and the message of each error."""
    validator = Draft7Validator(schema(noun), format_checker=FormatChecker())
    errors = validator.iter_errors(as_json(document))
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


def as_json(value: Any) -> Any:
    """TOML as editors hand it to a validator: a date is a text."""
    match value:
        case dict():
            return {key: as_json(each) for key, each in value.items()}
        case list():
            return [as_json(each) for each in value]
        case date():
            return value.isoformat()
    return value


def parts(part: Any) -> Iterator[dict[str, Any]]:
    """Every table of a schema that is a schema itself."""
    if isinstance(part, dict):
        yield part
        inner = [part.get(name) for name in ("items", "additionalProperties", "if", "then", "else")]
        for each in (*part.get("properties", {}).values(), *part.get("definitions", {}).values(), *inner):
            yield from parts(each)


@pytest.mark.parametrize("noun", NOUNS)
def test_the_schema_in_the_checkout_is_the_one_that_is_made_now(noun: Noun) -> None:
    kept = (CHECKOUT / noun / "schema.json").read_text(encoding="utf-8")
    assert kept == schema_text(noun), f"make it anew: .venv/bin/shotlist {noun} schema --write"


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.slow
def test_the_command_prints_it_and_loads_no_web_server(noun: Noun, tmp_path: Path) -> None:
    script = f"import sys, web.cli; web.cli.main(['{noun}', 'schema']); print(*sys.modules, file=sys.stderr)"
    env = environ(tmp_path / "data", 8420)
    words = [sys.executable, "-c", script]
    ended = subprocess.run(words, cwd=CHECKOUT, env=env, capture_output=True, text=True, check=True)
    assert ended.stdout == schema_text(noun)
    heavy = {"litestar", "piccolo", "av", "aiohttp", "arq", "uvicorn", "PIL"}
    assert heavy & set(ended.stderr.split()) == set()


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.slow
def test_what_was_spoilt_is_written_anew_and_what_is_right_is_left(noun: Noun, tmp_path: Path) -> None:
    copy = tmp_path / "shotlist"
    for folder in ("models", "providers", "tasks", "web", "docs"):
        shutil.copytree(CHECKOUT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    page, made = copy / PAGES[noun], copy / noun / "schema.json"
    right = page.read_text(encoding="utf-8")
    made.unlink()
    page.write_text(right.replace("| required |", "| optional |"), encoding="utf-8")
    words = [sys.executable, "-m", "web.cli", noun, "schema", "--write"]
    env = environ(tmp_path / "data", 8420)
    told = [
        subprocess.run(words, cwd=copy, env=env, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert told == [
        f"{noun}/schema.json: written\n{PAGES[noun]}: written\n",
        f"{noun}/schema.json: as it was\n{PAGES[noun]}: as it was\n",
    ]
    assert page.read_text(encoding="utf-8") == right
    assert made.read_text(encoding="utf-8") == schema_text(noun)
    page.unlink()
    ended = subprocess.run(words, cwd=copy, env=env, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "--write is for a checkout" in ended.stderr


@pytest.mark.parametrize("noun", NOUNS)
def test_it_is_draft_7_and_keeps_to_what_editors_read(noun: Noun) -> None:
    made = schema(noun)
    Draft7Validator.check_schema(made)
    for table in parts({key: value for key, value in made.items() if key not in ("$schema", "title")}):
        assert table.keys() <= KEYWORDS | {"definitions"}
        assert "$ref" not in table or table.keys() == {"$ref"}, "what stands beside a $ref is not read"


@pytest.mark.parametrize(("noun", "root"), [("models", Spec), ("providers", ProviderDescription)])
def test_every_key_of_the_grammar_is_in_it_with_its_text(noun: Noun, root: type[msgspec.Struct]) -> None:
    told = {
        (name, text)
        for table in parts(schema(noun))
        for name, each in table.get("properties", {}).items()
        for text in (each.get("description", "").split(" / ") if isinstance(each, dict) else ())
    }
    wanted = {(key.name, key.text) for struct in tables(root).values() for key in keys_with_kinds(struct)}
    assert len(wanted) > 90
    assert all(text.endswith(".") for _, text in wanted)
    assert wanted - told == set()


@pytest.mark.parametrize(
    ("noun", "path"), FILES, ids=lambda value: value.stem if isinstance(value, Path) else ""
)
def test_every_file_that_we_ship_is_taken(noun: Noun, path: Path) -> None:
    assert refusals(noun, tomllib.loads(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", TYPED, ids=lambda path: path.stem)
def test_the_hardest_models_are_taken(path: Path) -> None:
    assert refusals("models", tomllib.loads(path.read_text(encoding="utf-8"))) == []


def test_what_guide_and_reference_show_is_taken() -> None:
    for block in of_kind("toml model"):
        assert refusals("models", tomllib.loads(block.text)) == [], str(block)
    for block in of_kind("toml wire"):
        assert refusals("providers", tomllib.loads(block.text)) == [], str(block)
    for example in examples("model-reference.md", added=("fields", "rules")):
        assert refusals("models", example.whole) == [], str(example)
    for example in examples("provider-reference.md", added=()):
        assert refusals("providers", example.whole) == [], str(example)


Change = Callable[[dict[str, Any]], Any]

MODEL_MISTAKES: list[tuple[str, Change, str]] = [
    ("an unknown key", lambda raw: raw.update(display_nmae="Acme"), "'display_nmae' was unexpected"),
    ("a key that is missing", lambda raw: raw.pop("family"), "'family' is a required property"),
    (
        "a list for a text",
        lambda raw: raw.update(family=["Acme"]),
        "family: ['Acme'] is not of type 'string'",
    ),
    (
        "a day that is none",
        lambda raw: raw.update(checked="2026-13-01"),
        "checked: '2026-13-01' is not a 'date'",
    ),
    ("a status that is none", lambda raw: raw.update(status="done"), "status: 'done' is not one of"),
    (
        "a mode that is none",
        lambda raw: raw["capabilities"].update(modes=["t2x"]),
        "capabilities.modes.0: 't2x'",
    ),
    (
        "a number for an amount",
        lambda raw: raw["price"].update(rates=[{"usd": 0.25}]),
        "price.rates.0.usd: 0.25",
    ),
    (
        "a text for an amount",
        lambda raw: raw["price"].update(min_usd="free"),
        "price.min_usd: 'free' does not match",
    ),
    ("a unit in a table", lambda raw: raw["price"].update(units={"a": 1}), "price.units: "),
    (
        "a misspelt kind",
        lambda raw: raw["fields"][0].update(type="txtarea"),
        "fields.0.type: 'txtarea' is not one of",
    ),
    ("no kind", lambda raw: raw["fields"][0].pop("type"), "fields.0: 'type' is a required property"),
    (
        "a key of another kind",
        lambda raw: raw["fields"][0].update(options=[1]),
        "fields.0: Additional properties",
    ),
    ("a misspelt key", lambda raw: raw["fields"][0].update(lable="A"), "fields.0: Additional properties"),
    (
        "a select without options",
        lambda raw: raw["fields"][2].pop("options"),
        "fields.2: 'options' is a required",
    ),
    (
        "a fraction for a count",
        lambda raw: raw["fields"][0].update(max_length=2.5),
        "fields.0.max_length: 2.5",
    ),
    ("a text for a flag", lambda raw: raw["fields"][0].update(required="yes"), "fields.0.required: 'yes'"),
    (
        "a misspelt encoding",
        lambda raw: raw["fields"][0].update(wire={"at": "a", "encode": "jsn"}),
        "wire.encode: ",
    ),
    (
        "a path that is a list",
        lambda raw: raw["fields"][0].update(wire=["a"]),
        "fields.0.wire: ['a'] is not of type",
    ),
    ("an empty condition", lambda raw: raw["fields"][1].update(show_if={}), "fields.1.show_if: "),
    (
        "a misspelt test",
        lambda raw: raw["fields"][1].update(show_if={"a": {"mni": 1}}),
        "show_if.a: Additional",
    ),
    (
        "a text for a limit",
        lambda raw: raw["fields"][1].update(show_if={"a": {"min": "1"}}),
        "show_if.a.min: '1'",
    ),
    (
        "a misspelt effect",
        lambda raw: raw.update(rules=[{"requires": ["image"]}]),
        "rules.0: Additional properties",
    ),
    (
        "one name for a list",
        lambda raw: raw.update(rules=[{"require": "image"}]),
        "rules.0.require: 'image' is not",
    ),
    (
        "a limit that is none",
        lambda raw: raw.update(rules=[{"limit": {"image": {"count": 3}}}]),
        "rules.0.limit.image.count: 3 is not of type 'object'",
    ),
    (
        "an example without a body",
        lambda raw: raw.update(examples=[{"inputs": {}}]),
        "examples.0: 'body' is a required",
    ),
]

PROVIDER_MISTAKES: list[tuple[str, Change, str]] = [
    ("an unknown key", lambda raw: raw["status"].update(stat="/s"), "status: Additional properties"),
    ("a table that is missing", lambda raw: raw.pop("output"), "'output' is a required property"),
    ("a number for a pointer", lambda raw: raw["submit"].update(id=5), "submit.id: 5 is not of type"),
    (
        "a misspelt method",
        lambda raw: raw["submit"].update(method="PATCH"),
        "submit.method: 'PATCH' is not one of",
    ),
    ("a state that is none", lambda raw: raw["status"].update(map={"a": "runing"}), "status.map.a: 'runing'"),
    (
        "a class that is none",
        lambda raw: raw["error"].update(classes={"money": ["402"]}),
        "error.classes: Additional",
    ),
    (
        "one pattern for a list",
        lambda raw: raw["error"].update(classes={"auth": "401"}),
        "error.classes.auth: '401'",
    ),
    (
        "an end that is none",
        lambda raw: raw.update(billing={"auth": "free"}),
        "billing.auth: 'free' is not one of",
    ),
    (
        "no slot at all",
        lambda raw: raw.update(limits={"concurrency": 0}),
        "limits.concurrency: 0 is less than",
    ),
    ("an encoding that is none", lambda raw: raw["submit"].update(encoding="xml"), "submit.encoding: 'xml'"),
    (
        "a key that nobody sends",
        lambda raw: raw["output"].update(key="always"),
        "output.key: 'always' is not one of",
    ),
    (
        "a call without a path",
        lambda raw: raw.update(check={"method": "GET"}),
        "check: 'path' is a required property",
    ),
    (
        "a table for a list",
        lambda raw: raw.update(then={"path": "/a"}),
        "then: {'path': '/a'} is not of type 'array'",
    ),
    ("a name in the file", lambda raw: raw.update(name="acme"), "'name' was unexpected"),
    ("a way that is none", lambda raw: raw.update(media={"picture": {}}), "media: Additional properties"),
]


def broken(page: str, change: Change) -> dict[str, Any]:
    raw = deepcopy(examples(page, added=())[0].raw)
    change(raw)
    return raw


@pytest.mark.parametrize(
    ("change", "says"), [row[1:] for row in MODEL_MISTAKES], ids=[row[0] for row in MODEL_MISTAKES]
)
def test_a_mistake_in_a_model_is_underlined_and_refused_by_the_reader_too(change: Change, says: str) -> None:
    raw = broken("model-reference.md", change)
    found = refusals("models", raw)
    assert [each for each in found if says in each], found
    assert len(found) == 1, "one mistake is underlined once"
    assert not isinstance(build_spec(raw, key="acme", file="acme.toml"), Spec)


@pytest.mark.parametrize(
    ("change", "says"), [row[1:] for row in PROVIDER_MISTAKES], ids=[row[0] for row in PROVIDER_MISTAKES]
)
def test_a_mistake_in_a_provider_is_underlined_and_refused_by_the_reader_too(
    change: Change, says: str
) -> None:
    raw = broken("provider-reference.md", change)
    found = refusals("providers", raw)
    assert [each for each in found if says in each], found
    assert len(found) == 1, "one mistake is underlined once"
    assert not isinstance(to_description("acme.toml", raw), ProviderDescription)


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_may_have_every_key_of_its_kind_and_no_key_of_another(kind: str) -> None:
    own = {key.name for key in keys_of(KINDS[kind])}
    every = {key.name for each in KINDS.values() for key in keys_of(each)}
    field: dict[str, Any] = {"name": "a", "type": kind, "options": [1], "fields": []}
    needed = {name: value for name, value in field.items() if name in own}
    for name in sorted(every - needed.keys()):
        raw = broken("model-reference.md", lambda raw: raw["fields"].append({**needed, name: object}))  # noqa: B023
        raw["fields"][-1][name] = "?"
        unknown = [each for each in refusals("models", raw) if f"'{name}' was unexpected" in each]
        assert bool(unknown) == (name not in own), name
