"""Does an imported spec say what its document says? Random inputs, judged by the document's own schema."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from msgspec import Struct

from models.check import check
from models.empty import PROMPT
from models.importing.breaks import forbidden
from models.importing.document import Document, NotADocument, parse_documents
from models.importing.draft import Drafted, draft
from models.importing.samples import Samples
from models.importing.standard import standard_schema
from models.importing.write import write_toml
from models.lint import lint
from models.payload import finish, map_body
from models.read import build_spec
from models.spec import Problem, Spec
from models.values import JSON

# How many failures of one document are told.
_TOLD = 5
# How often a drawn input may turn out not to be allowed before another is drawn instead.
_DRAWS = 8
# How many ways to break one input are tried.
_BREAKS = 6


class Verdict(Struct, frozen=True, kw_only=True):
    """One document: of `tried` inputs that it allows `valid` were taken and made a request that it allows; of
    `forbidden` inputs `refused` were refused. `told` are the first failures and problems, in words.
    """

    name: str
    imported: bool = False
    fields: int = 0
    warnings: int = 0
    tried: int = 0
    valid: int = 0
    forbidden: int = 0
    refused: int = 0
    told: tuple[str, ...] = ()


def verify_text(
    text: str | bytes, provider: str, name: str, *, inputs: int, today: date, seed: int = 1
) -> list[Verdict]:
    """A verdict for each document of one file; `inputs` of both sorts are drawn for each. Raises nothing."""
    verdicts = []
    for document in parse_documents(text, provider):
        if isinstance(document, NotADocument):
            verdicts.append(Verdict(name=name, told=(document.sentence,)))
        else:
            verdicts.append(verify(document, name, inputs=inputs, today=today, seed=seed))
    return verdicts


def verify(document: Document, name: str, *, inputs: int, today: date, seed: int = 1) -> Verdict:
    """Imports the document, reads the TOML back, and tries it."""
    drafted = draft(document, today)
    spec = _read_back(drafted)
    if not isinstance(spec, Spec):
        told = tuple(str(problem) for problem in spec[:_TOLD])
        return Verdict(name=name, warnings=len(drafted.notices), told=told)
    trial = Trial(drafted, spec, seed)
    if document.schema is not None and drafted.described:
        trial.run(inputs)
    return Verdict(
        name=name,
        imported=True,
        fields=len(spec.fields),
        warnings=len(drafted.notices),
        tried=trial.tried,
        valid=trial.valid,
        forbidden=trial.forbidden,
        refused=trial.refused,
        told=tuple(trial.told[:_TOLD]),
    )


def _read_back(drafted: Drafted) -> Spec | tuple[Problem, ...]:
    """The spec as `models check` would see it."""
    try:
        raw = tomllib.loads(write_toml(drafted))
    except tomllib.TOMLDecodeError as error:
        return (Problem(drafted.key, "", "", f"this is not valid TOML: {error}"),)
    spec = build_spec(raw, key=drafted.key, file=f"{drafted.key}.toml")
    return lint(spec) or spec if isinstance(spec, Spec) else spec


class Trial:
    """Counts how one spec does."""

    def __init__(self, drafted: Drafted, spec: Spec, seed: int) -> None:
        self.drafted = drafted
        self.spec = spec
        schema = standard_schema(drafted.document)
        without = frozenset(name for name, why in drafted.left_out.items() if why != "always the same")
        self.document: Validator = Draft202012Validator(schema)
        prompt = spec.form.by_name.get(PROMPT)
        asked = frozenset({PROMPT} if prompt and prompt.required else ())
        self.samples = Samples(schema, seed, without, asked)
        self.tried = self.valid = self.forbidden = self.refused = 0
        self.told: list[str] = []

    def run(self, inputs: int) -> None:
        for _ in range(inputs):
            given = self.allowed()
            if given is not None:
                self.try_allowed(given)
        for wrong, given in self.bad(inputs):
            self.forbidden += 1
            if check(self.spec, self.drafted.values(given), {}).errors:
                self.refused += 1
            else:
                self.tell(f"taken although the document forbids it ({wrong})")

    def allowed(self) -> dict[str, JSON] | None:
        for _ in range(_DRAWS):
            given = self.samples.allowed()
            if self.document.is_valid(given):
                return given
        self.tell("no input could be drawn that the document allows")
        return None

    def try_allowed(self, given: dict[str, JSON]) -> None:
        self.tried += 1
        checked = check(self.spec, self.drafted.values(given), {})
        if checked.errors:
            name, sentence = next(iter(checked.errors.items()))
            self.tell(f"refused although the document allows it ({name}: {sentence})")
            return
        body: Any = finish(map_body(self.spec, checked.values), {})
        sent = body.get("input", {}) if self.drafted.document.wire == "input.*" else body
        wrong = next(self.document.iter_errors(sent), None)
        if wrong is None:
            self.valid += 1
        else:
            self.tell(f"made a request that the document forbids ({wrong.json_path}: {wrong.message[:80]})")

    def bad(self, inputs: int) -> Iterator[tuple[str, dict[str, JSON]]]:
        """Inputs that the document forbids, a few made from each of many that it allows. One that reaches the form
        unchanged is passed over: what is wrong with it cannot be said there.
        """
        found = 0
        for _ in range(inputs):
            given = self.allowed()
            if given is None or found >= inputs:
                return
            breaks = [each for each in forbidden(self.samples, given) if isinstance(each[1], dict)]
            values = self.drafted.values(given)
            for wrong, bad in self.samples.random.sample(breaks, min(_BREAKS, len(breaks))):
                if found < inputs and not self.document.is_valid(bad) and self.drafted.values(bad) != values:
                    yield wrong, bad
                    found += 1

    def tell(self, sentence: str) -> None:
        if sentence not in self.told:
            self.told.append(sentence)
