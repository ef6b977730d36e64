"""Reading TOML: what is wrong is named with file, place, key, what was expected, and the nearest name."""

# ruff: noqa: E501 — tables of cases are wide

from pathlib import Path
from typing import Any

import pytest

from models.spec.loader import build_spec, read_spec
from models.spec.schema import Spec
from tests.models.building import PROMPT, problems_of, raw_of, spec_of

SELECT = '{ name = "resolution", type = "select", options = ["720p", "1080p"], default = "720p" },'


@pytest.mark.parametrize(
    ("fields", "tables", "expected"),
    [
        # keys and types
        ('{ name = "a", type = "text", max_lenght = 3 }', "", "fields[0].max_lenght: is not a known key; did you mean max_length?"),
        ('{ name = "a", type = "txt" }', "", "fields[0].type: 'txt' is not a type of field; did you mean text?"),
        ('{ name = "a" }', "", "fields[0].type: is missing"),
        ('{ type = "text" }', "", "fields[0].name: is missing; expected text"),
        ('{ name = "a", type = "text", required = "yes" }', "", "fields[0].required: expected true or false, found the text 'yes'"),
        ('{ name = "a", type = "integer", min = 1.5 }', "", "fields[0].min: expected a whole number, found the number 1.5"),
        ('{ name = "a", type = "integer", min = true }', "", "fields[0].min: expected a whole number, found true or false"),
        ('{ name = "a", type = "select", options = "5" }', "", "fields[0].options: expected a list, found the text '5'"),
        ('{ name = "a", type = "select", options = [{ vlaue = 5 }] }', "", "fields[0].options[0].vlaue: is not a known key; did you mean value?"),
        ('{ name = "a", type = "select" }', "", "fields[0].options: is missing; expected a list"),
        ('"prompt"', "", "fields[0]: expected a table with name and type, found the text 'prompt'"),
        ('{ name = "a", type = "text", wire = { at = "b", encode = "jsn" } }', "", "fields[0].wire.encode: 'jsn' is not one of its values; did you mean json?"),
        # names
        ('{ name = "a", type = "text" }, { name = "a", type = "text" }', "", "fields[1].name: a is here twice"),
        ('{ name = "mode", type = "text" }', "", "fields[0].name: mode is taken by the form itself"),
        ('{ name = "a.b", type = "text" }', "", "fields[0].name: 'a.b' is not a plain name"),
        # conditions
        ('{ name = "a", type = "text", show_if = { moed = "i2v" } }', "", "fields[0].show_if: moed is not a field here; did you mean mode?"),
        ('{ name = "a", type = "text", show_if = { mode = "i3v" } }', "", "fields[0].show_if: 'i3v' is not an option of mode; did you mean i2v?"),
        ('{ name = "a", type = "text", show_if = { mode = { sett = true } } }', "", "fields[0].show_if: mode: sett is not a test; did you mean set?"),
        (SELECT, '[[rules]]\nwhen = { resolution = "1080" }\nrequire = ["resolution"]', "rules[0].when: '1080' is not an option of resolution; did you mean 1080p?"),
        ('{ name = "a", type = "select", options = [5, 5] }', "", "fields[0].options[1]: 5 is here twice"),
        ('{ name = "a", type = "select", options = [] }', "", "fields[0].options: is empty"),
        ('{ name = "a", type = "select", options = [5], default = "5" }', "", "fields[0].default: '5' is not an option of a; did you mean 5?"),
        # rules
        (SELECT, '[[rules]]\nrequires = ["resolution"]', "rules[0].requires: is not a known key; did you mean require?"),
        (SELECT, '[[rules]]\nonly = { resolution = ["4k"] }', "rules[0].only: '4k' is not an option of resolution"),
        (SELECT, '[[rules]]\nforbid = { resolution = ["4k"] }', "rules[0].forbid: '4k' is not an option of resolution"),
        (SELECT, '[[rules]]\ndefault = { resolution = "4k" }', "rules[0].default: '4k' is not an option of resolution"),
        (SELECT, '[[rules]]\nforbid = ["resolutoin"]', "rules[0].forbid: resolutoin is not a field here; did you mean resolution?"),
        (SELECT, "[[rules]]\nlimit = { duration = { maxi = 1 } }", "rules[0].limit.duration.maxi: is not a known key; did you mean max?"),
        (SELECT, '[[rules]]\ntotal = "eval(1)"\nmax = 1', "rules[0].total: eval is not a function"),
        (SELECT, '[[rules]]\ntotal = "sum(shots.duration)"\nmax = 1', "rules[0].total: shots is not a field here"),
        (SELECT, '[[rules]]\ntotal = "resolution"', "rules[0].total: says nothing alone"),
        ('{ name = "clip", type = "video" }', '[[rules]]\ntotal = "clip.second"\nmax = 1', "rules[0].total: clip has no second; did you mean seconds?"),
        # rows
        ('{ name = "shots", type = "rows", fields = [{ name = "b", type = "text", helpp = "" }] }', "", "fields[0].fields[0].helpp: is not a known key; did you mean help?"),
        ('{ name = "shots", type = "rows", fields = [{ name = "b", type = "text", show_if = { c = 1 } }] }', "", "fields[0].fields[0].show_if: c is not a field here"),
        ('{ name = "shots", type = "rows", fields = [{ name = "b", type = "text" }], rules = [{ require = ["x"] }] }', "", "fields[0].rules[0].require: x is not a field here"),
        # derive and examples
        (SELECT, '[[derive]]\nat = "size"\nfrom = ["resolution"]\ntable = [["720p"]]', "derive[0].table[0]: has 1 values"),
        (SELECT, '[[derive]]\nat = "size"\nfrom = ["ratio"]\ntable = [["720p", "x"]]', "derive[0].from: ratio is not a field here"),
        (SELECT, "[[examples]]\ninputs = {}", "examples[0].body: is missing; expected a table"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place_and_the_nearest_name(
    fields: str, tables: str, expected: str
) -> None:
    assert any(f"test.toml: {expected}" in problem for problem in problems_of(fields, tables))


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ('[capabilities]\nmodes = ["t3v"]\n', "capabilities.modes: t3v is not a mode; did you mean t2v?"),
        ("[capabilities]\nmodes = []\n", "capabilities.modes: is empty"),
        ("[capabilities]\naudio = 1\n", "capabilities.modes: is missing; expected a list of texts"),
        ('[capabilities]\nmodes = ["t2v"]\n[timing]\ntypical = 3\n', "timing.typical: is not a known key; did you mean typical_sec?"),
        ('[capabilities]\nmodes = ["t2v"]\n[price]\nsource = "x"\nchecked = "today"\n', "price.checked: expected a date such as 2026-11-22, found the text 'today'"),
        ('[capabilities]\nmodes = ["t2v"]\n[price]\nsource = "x"\nchecked = 2026-11-22\nrates = [{ usd = 0.28 }]\n', 'price.rates[0].usd: expected an amount as text, such as "0.28", found the number 0.28'),
        ('[capabilities]\nmodes = ["t2v"]\n[price]\nsource = "x"\nchecked = 2026-11-22\nrates = [{ usd = "cheap" }]\n', "price.rates[0].usd: expected an amount as text"),
        ('[capabilities]\nmodes = ["t2v"]\n[price]\nper = "second"\nsource = "x"\nchecked = 2026-11-22\n', "price.units: is missing"),
        ('[capabilities]\nmodes = ["t2v"]\n[price]\nper = "megapixel"\nsource = "x"\nchecked = 2026-11-22\n', "price.units: is missing; expected how many of a megapixel"),
        ('[capabilities]\nmodes = ["t2v"]\n[price]\nsource = "x"\nchecked = 2026-11-22\nadd = [{ usd = "1", when = { images = { set = true } } }]\n', "price.add[0].when: images is not a field here"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_tables_around_the_fields_is_named_too(rest: str, expected: str) -> None:
    if "[price]" not in rest:
        rest += '[price]\nsource = "x"\nchecked = 2026-11-22\n'
    assert any(f"test.toml: {expected}" in problem for problem in problems_of(PROMPT, rest=rest))


def test_an_endpoint_table_names_every_mode() -> None:
    raw = raw_of(PROMPT)
    raw["endpoint"] = {"t2v": "a/b", "v2t": "a/c"}
    problems = build_spec(raw, key="test", file="test.toml")
    assert isinstance(problems, tuple)
    assert [str(problem) for problem in problems] == [
        "test.toml: endpoint.i2v: is missing; expected the endpoint of this mode",
        "test.toml: endpoint.v2t: is not a mode of this model (known: t2v, i2v)",
    ]


def test_all_mistakes_of_a_file_come_at_once() -> None:
    fields = '{ name = "a", type = "txt" }, { name = "b", type = "text", hlep = "" }, { name = "c", type = "integer", min = "1" }'
    found = problems_of(fields, "[[rules]]\nwhn = {}", top="famly = 1")
    assert len(found) == 5


def test_wrong_keys_do_not_hide_wrong_names() -> None:
    fields = '{ name = "b", type = "text", hlep = "", show_if = { c = 1 } }, { name = "d", type = "integer", min = "1" }'
    found = problems_of(fields, '[[rules]]\nrequire = ["bb"]', top="famly = 1")
    assert len(found) == 5


def test_only_a_float_can_be_a_limit_of_a_number() -> None:
    spec = spec_of('{ name = "a", type = "number", min = 0, max = 1.5, step = 0.25 }')
    assert (spec.fields[0].limit.min, spec.fields[0].limit.max, spec.fields[0].limit.step) == (0, 1.5, 0.25)


def test_values_keep_their_json_type() -> None:
    spec = spec_of('{ name = "a", type = "select", options = [5, "5", "5s", "auto", 2.5, true] }')
    values: list[Any] = [option.value for option in spec.form.by_name["a"].options]  # type: ignore[attr-defined]
    assert [type(value) for value in values] == [int, str, str, str, float, bool]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"display_name = ", "this is not valid TOML: "),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "this is not valid TOML: it is nested too deeply"),
        (b"a = " + b"9" * 6000, "this is not valid TOML: a number in it is too long"),
        (b"\xff\xfe", "this is not UTF-8 text"),
        (None, "cannot be read: "),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "broken.toml"
    if content is not None:
        path.write_bytes(content)
    problems = read_spec(path)
    assert isinstance(problems, tuple)
    assert str(problems[0]).startswith(f"{path}: {sentence}")
    assert len(problems) == 1


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    source = Path(__file__).parents[3] / "models" / "ltx-2.toml"
    path = tmp_path / "ltx-2.toml"
    path.write_bytes(b"\xef\xbb\xbf" + source.read_bytes())
    assert isinstance(read_spec(path), Spec)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "free"])
def test_an_amount_is_a_number_of_dollars(amount: str) -> None:
    raw = raw_of(PROMPT)
    raw["price"]["rates"] = [{"usd": amount}]
    problems = build_spec(raw, key="test", file="test.toml")
    assert isinstance(problems, tuple)
    assert "price.rates[0].usd: expected an amount as text" in str(problems[0])


def test_the_key_is_the_name_of_the_file(tmp_path: Path) -> None:
    source = Path(__file__).parents[3] / "models" / "veo-3.1.toml"
    path = tmp_path / "mine-v2.5.toml"
    path.write_bytes(source.read_bytes())
    spec = read_spec(path)
    assert isinstance(spec, Spec)
    assert spec.key == "mine-v2.5"
    assert spec.endpoint_for("i2v") == "fal-ai/veo3.1/image-to-video"
