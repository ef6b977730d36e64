"""Drafts of model files for the command line: read from whatever a person has, and asked for on a terminal.

A provider's schema document from the provider itself, for the commands that take an endpoint's name.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tasks.settings import Settings, SettingsError, read_environ

if TYPE_CHECKING:
    from models.importing.curl import Known
    from models.importing.questions import Question
    from models.importing.source import Read
    from providers.description.schema import ProviderDescription


def fetch(provider: str, endpoint: str, environ: Mapping[str, str]) -> bytes:
    """The provider's document of one endpoint; SettingsError with a sentence where it cannot be had."""
    import asyncio

    from providers.client.http import HTTPClients
    from providers.schema_fetch import NoSchema, fetch_schema

    async def ask() -> bytes | NoSchema:
        async with HTTPClients() as clients:
            return await fetch_schema(clients.direct, provider, endpoint, environ)

    answer = asyncio.run(ask())
    if isinstance(answer, NoSchema):
        raise SettingsError(answer.sentence)
    return answer


Ask = Callable[[str], str]

_FETCHED = re.compile(r"(fal|replicate):([\w.-]+/[\w./-]+)")


def read_draft(source: str, settings: Settings) -> "Read":
    """A draft from a file of any kind, - for standard input, or fal:owner/name for the document as it is now.

    SettingsError with a sentence where there is none.
    """
    from models.importing.source import NotRead, read_text

    if fetched := _FETCHED.fullmatch(source):
        return _fetched(fetched[1], fetched[2])
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        read = read_text(text, known_providers(settings), date.today(), name=Path(source).name)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source} is not valid TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{source} cannot be read: {error}") from error
    if isinstance(read, NotRead):
        raise SettingsError(f"{source}: {read.sentence}")
    return read


def _fetched(provider: str, endpoint: str) -> "Read":
    """The provider's own schema document of an endpoint, as it is now."""
    from models.importing.curl import json_in
    from models.importing.source import NotRead, read_schema

    document = fetch(provider, endpoint, read_environ()).decode("utf-8", "replace")
    read = read_schema(json_in(document), date.today(), provider, endpoint)
    if isinstance(read, NotRead):
        raise SettingsError(f"{provider}:{endpoint}: {read.sentence}")
    return read


def known_providers(settings: Settings) -> "list[Known]":
    """How the providers that we have take orders, so that a written request is recognised."""
    from providers.description.catalogue import DescriptionCatalogue

    return [_known(description) for description in DescriptionCatalogue(settings.providers_dirs).all()]


def _known(description: "ProviderDescription") -> "Known":
    from models.importing.curl import Known

    path = description.submit.path
    paths = (path,) if isinstance(path, str) else tuple(path.values()) if isinstance(path, dict) else path
    body = description.submit.body if description.submit.body != "{built}" else "{body}"
    host = urlsplit(description.base).hostname or ""
    return Known(description.name, host, paths, body, tuple(description.submit.merge.items()))  # type: ignore[arg-type]


def printed(questions: "Iterable[Question]") -> Iterator[str]:
    """The questions as a person reads them."""
    for number, each in enumerate(questions, 1):
        answer = each.example.replace("\n", "\n      ")
        yield f"{number}. {each.question}\n   {each.goes_to}:\n      {answer}"


def ask_missing(draft: str, ask: Ask, tell: Callable[[str], None], today: date) -> str:
    """The draft with the answers in it; what a round without answers, or Ctrl-C, leaves open stays missing."""
    from models.importing.questions import missing

    try:
        while questions := missing(draft):
            before = draft
            for question in questions:
                if question in missing(draft) or question.field == "fields":
                    draft = _asked(draft, question, ask, tell, today)
            if draft == before:
                return draft
    except KeyboardInterrupt:
        tell("")
    return draft


def _asked(draft: str, question: "Question", ask: Ask, tell: Callable[[str], None], today: date) -> str:
    """One question until its answer can be taken; an empty answer leaves it for later."""
    from models.importing.questions import AnswerError, answered

    offered = _offered(draft) if question.field == "examples.body" else ""
    tell(f"\n{question.question}")
    tell(
        f"  Enter takes what this file would send: {offered}"
        if offered
        else f"  e.g. {_indented(question.example)}"
    )
    while answer := ask("> ").strip() or offered:
        try:
            return answered(draft, question, answer, today)
        except AnswerError as error:
            tell(str(error))
    return draft


def _indented(text: str) -> str:
    return text.replace("\n", "\n       ")


def _offered(draft: str) -> str:
    """The body that the first example without one maps to, "" where it maps to none yet."""
    from models.form.validate import check
    from models.importing.toml_writer import inline
    from models.payload import finish, map_body
    from models.spec.loader import build_spec
    from models.spec.schema import Spec

    raw = tomllib.loads(draft)
    inputs = next((each["inputs"] for each in raw.get("examples", []) if "body" not in each), None)
    spec = build_spec({**raw, "examples": []}, key="draft", file="draft.toml")
    if inputs is None or not isinstance(spec, Spec):
        return ""
    checked = check(spec, inputs, {})
    return "" if checked.errors else inline(finish(map_body(spec, checked.values), {}))
