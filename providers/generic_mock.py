"""A company played from its own wire description, for a provider whose protocol the sandbox does not speak.

Every pointer of the description is turned round: where a look reads the state, the answer is made to have one. So a
run against it shows that calls, states, links and output of the file fit together, never that the company works so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from models.spec.values import JSON
from providers.description.schema import Call, Path, Pointers, ProviderDescription, Status
from providers.description.templates import PLACE
from providers.outcomes import State

ID: Final = "stand-in-1"
CLIP: Final = "/_clip.mp4"
_SAMPLES: Final = ("clip.mp4", "output", "video", "video/mp4", "1", "true", "done")
_WAY: Final[tuple[State, ...]] = ("queued", "processing", "succeeded")


class Answered(Struct, frozen=True):
    """An HTTP answer: a JSON document, or the clip."""

    status: int
    document: JSON = None
    is_clip: bool = False


class GenericMock:
    """Takes one order after another; each look is one step further. `base` is its own address with the prefix."""

    def __init__(self, description: ProviderDescription, base: str) -> None:
        self.wire = description
        self.base = base
        self.looks = 0

    def answer(self, method: str, path: str) -> Answered:
        """`path` without the prefix and the query."""
        if path == CLIP or self._is_download(path):
            return Answered(200, is_clip=True)
        found = [
            (len(re.sub(r"\W", "", pattern)), name)
            for name, call in _calls(self.wire)
            for pattern in _patterns(call.path)
            if call.method == method and re.fullmatch(pattern, path)
        ]
        if not found:
            return Answered(404, {"error": f"{self.wire.name}.toml describes no call {method} {path}"})
        return self._of(max(found)[1])

    def _of(self, name: str) -> Answered:
        match name.partition(" "):
            case ("submit", _, _):
                self.looks = 0
                return Answered(200, self._accepted())
            case ("status", _, _):
                return self._look()
            case ("then", _, number):
                return Answered(200, self._result(int(number)))
            case ("upload", _, place):
                call = dict(_calls(self.wire))[f"upload {place}"]
                return Answered(200, self._kept(call, self._document()))
        return Answered(200, self._document())

    def _document(self) -> JSON:
        ok = self.wire.ok
        return put({}, ok.at, ok.equals) if ok else {}

    def _accepted(self) -> JSON:
        submit = self.wire.submit
        document = put(self._document(), _first(submit.id), ID)
        for name, pointers in submit.links.items():
            document = put(document, _first(pointers), f"{self.base}/_link/{name}")
        return self._kept(submit, document)

    def _kept(self, call: Call, document: JSON) -> JSON:
        for name, pointers in call.keep.items():
            document = put(document, _first(pointers), f"{self.base}/_kept/{name}")
        return document

    def _look(self) -> Answered:
        states = [
            state for state in _WAY if state == "succeeded" or _word(self.wire.status, state) is not None
        ]
        state = states[min(self.looks, len(states) - 1)]
        self.looks += 1
        status = self.wire.status
        document = put(self._document(), _first(self.wire.submit.id), ID)
        word = _word(status, state)
        if word is not None and word != "absent":
            document = put(document, _first(status.state), {"true": True, "false": False}.get(word, word))
        if state == "processing" and status.progress:
            document = put(document, _first(status.progress), status.full / 2)
        if state == "succeeded":
            document = self._succeeded(document, word)
        code = next((int(code) for code, meant in status.http.items() if meant == state), 200)
        return Answered(code, document)

    def _succeeded(self, document: JSON, word: str | None) -> JSON:
        document = self._kept(self.wire.status, document)
        if word is None and not self.wire.status.http:
            for rule in self.wire.status.rules:
                if rule.then == "succeeded":
                    document = put(
                        document,
                        rule.at,
                        rule.equals if isinstance(rule.equals, str) else _sample(rule.match),
                    )
        return document if self.wire.then else self._with_output(document)

    def _result(self, number: int) -> JSON:
        document = self._kept(self.wire.then[number], self._document())
        return self._with_output(document) if number == len(self.wire.then) - 1 else document

    def _with_output(self, document: JSON) -> JSON:
        """One file: what describes it goes to `each`, or beside everything else where that is the answer itself."""
        output = self.wire.output
        at = _first(output.each)
        file: JSON = {} if at else document
        if output.template:
            for name in _names(output.template):
                file = put(file, f"/{name}", "clip.mp4")
        else:
            inside = next((pointer for pointer in _all(output.url) if pointer), "")
            file = put(file, inside, self.base + CLIP)
        for pointer, pattern in output.where.items():
            file = put(file, pointer, _sample(pattern))
        return put(document, at, file) if at else file

    def _is_download(self, path: str) -> bool:
        template = self.wire.output.template.partition("?")[0]
        return bool(template) and re.fullmatch(_pattern(template), path) is not None


def put(document: JSON, pointer: str, value: JSON) -> JSON:
    """The document with a value at a pointer; `*` is the first of a list. What is there already stays where it can."""
    if not pointer:
        return value
    name, more, rest = pointer[1:].partition("/")
    if name == "*" or name.isdecimal():
        items = list(document) if isinstance(document, list) else []
        at = 0 if name == "*" else int(name)
        items += [{}] * (at + 1 - len(items))
        items[at] = put(items[at], more + rest, value)
        return items
    members = dict(document) if isinstance(document, dict) else {}
    key = name.replace("~1", "/").replace("~0", "~")
    return {**members, key: put(members.get(key, {}), more + rest, value)}


def _calls(description: ProviderDescription) -> Iterator[tuple[str, Call]]:
    """Every call that a run can make, by name; of equal paths the first counts."""
    yield "submit", description.submit
    yield "status", description.status
    if description.status.queue:
        yield "queue", description.status.queue
    for number, result in enumerate(description.then):
        yield f"then {number}", result
    for kind in ("image", "video", "audio", "file"):
        upload = description.media.upload_for(kind)
        for number, call in enumerate(upload.calls if upload else ()):
            yield f"upload {kind}{number}", call


def _patterns(path: Path) -> Iterator[str]:
    yield from (_pattern(each) for each in (path.values() if isinstance(path, dict) else _all(path)))


def _pattern(path: str) -> str:
    """A regular expression for the paths that a template can become; a link leads to `/_link/<name>`."""
    path = re.sub(r"^https://[^/]+", "", path.partition("?")[0])
    parts = re.split(r"(\{[^}]+\})", path)
    return "".join(_part(part) if PLACE.fullmatch(part) else re.escape(part) for part in parts)


def _part(place: str) -> str:
    name = place[1:-1].partition("|")[0]
    return f"/_link/{name.removeprefix('link_')}" if name.startswith("link_") else ".+"


def _word(status: Status, state: State) -> str | None:
    """The company's word for a state; None where it has none, or says it by the HTTP status."""
    return next((word for word, meant in status.map.items() if meant == state), None)


def _sample(pattern: str) -> str:
    return next((sample for sample in _SAMPLES if re.search(pattern, sample)), _SAMPLES[0])


def _names(template: str) -> list[str]:
    return [place[1] for place in PLACE.finditer(template)]


def _first(pointers: Pointers) -> str:
    return next(iter(_all(pointers)), "")


def _all(path: Pointers) -> tuple[str, ...]:
    return (path,) if isinstance(path, str) else tuple(path)
