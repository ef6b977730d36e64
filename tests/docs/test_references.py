"""The two reference pages against the grammar, in both directions; their examples by the strict readers."""

import tomllib
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from models.linter import lint
from models.reference_page import marks, refreshed
from models.spec.conditions import TESTS
from models.spec.expressions import FUNCTIONS
from models.spec.fields import KINDS, FieldMapping
from models.spec.grammar import keys_of
from models.spec.loader import build_spec
from models.spec.schema import Spec
from models.spec.values import FACTS, MODE_LABELS
from providers.description.loader import to_description
from providers.description.schema import ProviderDescription as ProviderFile
from providers.description.templates import FILTERS, PLACES
from providers.outcomes import ErrorKind
from providers.reference_page import HOOKS
from tests.docs.pages import Example, examples, grammar, over, text_of, used
from tests.support import CHECKOUT
from web.cli.schema import PAGES, Noun, made

NOUNS: tuple[Noun, ...] = get_args(Noun)
MODELS = examples("model-reference.md", added=("fields", "rules"))
PROVIDERS = examples("provider-reference.md", added=())


def page_of(noun: Noun) -> str:
    return text_of(PAGES[noun].removeprefix("docs/"))


def spec_of(example: Example) -> Spec:
    file = str(CHECKOUT / "models" / "acme-video-1.toml")
    spec = build_spec(example.whole, key="acme-video-1", file=file)
    assert isinstance(spec, Spec), [str(problem) for problem in spec]
    return spec


@pytest.mark.parametrize("noun", NOUNS)
def test_the_page_is_as_it_would_be_made_now(noun: Noun) -> None:
    page = page_of(noun)
    assert page == refreshed(page, made(noun)), f"make it anew: .venv/bin/shotlist {noun} schema --write"


@pytest.mark.parametrize("noun", NOUNS)
def test_every_table_of_the_grammar_is_on_the_page_once_and_no_other(noun: Noun) -> None:
    assert sorted(marks(page_of(noun))) == sorted(made(noun))


def test_a_mark_that_names_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="<!-- keys: prise --> names nothing"):
        refreshed("<!-- keys: prise -->\n<!-- end -->\n", made("models"))


@pytest.mark.parametrize("example", MODELS, ids=str)
def test_an_example_of_a_model_is_read(example: Example) -> None:
    spec = spec_of(example)
    if "examples" in example.raw:
        assert lint(spec) == ()


@pytest.mark.parametrize("example", PROVIDERS, ids=str)
def test_an_example_of_a_provider_is_read(example: Example) -> None:
    wire = to_description("acme.toml", example.whole)
    assert isinstance(wire, ProviderFile), [str(problem) for problem in wire]


@pytest.mark.parametrize(("root", "shown"), [(Spec, MODELS), (ProviderFile, PROVIDERS)])
def test_the_examples_use_every_key_of_the_grammar_and_no_other(root: Any, shown: list[Example]) -> None:
    found = {each for example in shown for each in used(example.raw, root)}
    assert found == grammar(root)


def texts(value: Any) -> Iterator[str]:
    """Every key and every text in a document."""
    match value:
        case dict():
            for key, each in value.items():
                yield key
                yield from texts(each)
        case list():
            for each in value:
                yield from texts(each)
        case str():
            yield value


SHOWN = {
    "models": [*texts([each.raw for each in MODELS])],
    "providers": [*texts([each.raw for each in PROVIDERS])],
}


@pytest.mark.parametrize("word", [*TESTS, *FACTS])
def test_every_word_of_the_small_notations_is_in_an_example(word: str) -> None:
    assert word in SHOWN["models"]


def test_every_way_to_encode_is_told_of_and_most_are_in_an_example() -> None:
    (encode,) = [key for key in keys_of(FieldMapping) if key.name == "encode"]
    assert all(f"{way} (" in encode.text for way in get_args(encode.type))
    assert set(get_args(encode.type)) - set(SHOWN["models"]) == {"string"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_of_expressions_is_in_an_example(function: str) -> None:
    assert any(f"{function}(" in text for text in SHOWN["models"])


@pytest.mark.parametrize("filter_", FILTERS)
def test_every_filter_is_in_an_example(filter_: str) -> None:
    assert any(f"|{filter_}}}" in text for text in SHOWN["providers"])


@pytest.mark.parametrize("key", HOOKS)
def test_every_kind_of_hook_is_in_an_example(key: str) -> None:
    assert set(HOOKS[key]) & set(SHOWN["providers"])


def test_most_kinds_of_field_are_in_an_example() -> None:
    lists = {kind for kind in KINDS if f"{kind}s" in KINDS or kind.removesuffix("s") in KINDS}
    assert set(KINDS) - set(SHOWN["models"]) <= lists


def test_modes_and_classes_of_error_are_all_told_of() -> None:
    assert all(f"| `{mode}` | {label} |" in page_of("models") for mode, label in MODE_LABELS.items())
    assert all(f"| `{kind}` | " in page_of("providers") for kind in get_args(ErrorKind))


# Where a template stands, by the place that the page names: a provider file with that template in it.
TEMPLATES = {
    "`auth.value`": 'auth = { env = "A", header = "B", value = "{NAME}" }',
    "`headers`": 'headers = { A = "{NAME}" }',
    "`[submit]`": 'submit = { query = { a = "{NAME}" } }',
    "`submit.lookup`": 'submit = { lookup = "{NAME}" }',
    "`[status]`, `status.queue`, `[[then]]`, `[cancel]`": 'cancel = { path = "/{NAME}" }',
    "`status.queue.listen`": 'status = { queue = { path = "/q", waiting = "/w", running = "/r", id = "/i", '
    'order = "/o", listen = { path = "/{NAME}", each = "/e", value = "/v", full = "/f", of = "/o" } } }',
    "`media.<kind>.url`": 'media = { any = { url = "{NAME}" } }',
    "`media.<kind>.inline`": 'media = { any = { inline = "{NAME}" } }',
    "`upload.calls`": 'media = { upload = { max_bytes = 1, handle = "a", calls = [{ path = "/a", '
    'keep = { kept = "/k" } }, { path = "/b", body = "{NAME}" }] } }',
    "`upload.handle`": 'media = { upload = { max_bytes = 1, handle = "{NAME}", calls = [{ path = "/a", '
    'keep = { kept = "/k" } }] } }',
}
BASE = over(
    PROVIDERS[0].raw,
    tomllib.loads('[submit]\nlinks = { page = "/page" }\nkeep = { kept = "/k" }'),
)
ALL_NAMES = sorted({name for names in PLACES.values() for name in names})


WHOLE = {
    "body": 'submit = { body = { a = "{body}" } }',
    "built": 'submit = { build = "comfyui-graph", body = "{built}" }',
}
"""The two names of `[submit]` that stand in its body and nowhere else."""


def is_known(place: str, name: str) -> bool:
    """Whether a provider file may name this there."""
    named = {"link_<name>": "link_page", "<name>": "kept"}.get(name, name)
    at = WHOLE.get(name) if place == "`[submit]`" else None
    raw = tomllib.loads(at or TEMPLATES[place].replace("NAME", named))
    return isinstance(to_description("acme.toml", over(BASE, raw)), ProviderFile)


def test_the_page_names_every_place_of_templates() -> None:
    assert set(TEMPLATES) == set(PLACES)


@pytest.mark.parametrize("name", ALL_NAMES)
@pytest.mark.parametrize("place", PLACES)
def test_a_name_is_known_where_the_page_says_so_and_nowhere_else(place: str, name: str) -> None:
    assert is_known(place, name) == (name in PLACES[place])
