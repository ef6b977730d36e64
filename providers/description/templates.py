"""Filling `{name}` in the texts and JSON values of a wire description.

A text whose names are not all known is absent as a whole, and so is the header, query parameter, member or list
item that it stood for.  A lone "{name}" keeps its JSON type.  `{name|filter}` applies one of FILTERS.

The names that the templates of a provider's file may use, by the place in which they are known.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias
from urllib.parse import quote
from uuid import NAMESPACE_OID, uuid5

from models.spec.values import JSON

Names: TypeAlias = Mapping[str, JSON]

PLACE: Final = re.compile(r"\{([a-z_0-9]+)(?:\|([a-z]+))?\}")
SAFE_IN_PATH: Final = "/:@-._~!$&'()*+,;="


class Absent:
    """The one value that says that nothing stands here."""


ABSENT: Final = Absent()


def _app(value: str) -> str:
    """`owner/alias` of an endpoint id; three segments under `workflows/` and `comfy/`, as fal cuts them."""
    parts = value.split("/")
    return "/".join(parts[: 3 if parts[0] in ("workflows", "comfy") else 2])


def _uuid(value: str) -> str:
    """Always the same UUID for the same text, in canonical lower case."""
    return str(uuid5(NAMESPACE_OID, value))


FILTERS: Final[Mapping[str, Callable[[str], str]]] = {"app": _app, "uuid": _uuid}


def names_in(value: JSON) -> Iterator[str]:
    """Every name a text or JSON template mentions, with its filter as `name|filter`."""
    if isinstance(value, str):
        yield from (f"{name}|{by}" if by else name for name, by in PLACE.findall(value))
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from [str(member)] if key == "$if" else names_in(member)


def fill(text: str, names: Names) -> JSON | Absent:
    """The text with its names filled in; ABSENT when one of them is unknown or null."""
    lone = PLACE.fullmatch(text)
    if lone and not lone[2]:
        return names[lone[1]] if _known(lone[1], names) else ABSENT
    filled = fill_text(text, names)
    return ABSENT if filled is None else filled


def fill_text(text: str, names: Names) -> str | None:
    """As `fill`, but always a text, or None when absent."""
    return _fill_text(text, names, lambda value, _: value)


def fill_path(text: str, names: Names) -> str | None:
    """As `fill_text` for an address: values are quoted, and one that would climb out of the path is absent.

    A text that begins with a name begins with a link out of an answer, which is taken as it is.
    """
    lead = PLACE.match(text)
    if not lead:
        return _fill_path(text, names)
    link, rest = fill_text(lead[0], names), _fill_path(text[lead.end() :], names)
    return None if link is None or rest is None else link + rest


def _fill_path(text: str, names: Names) -> str | None:
    def quoted(value: str, at: int) -> str:
        return quote(value, safe="" if "?" in text[:at] else SAFE_IN_PATH)

    filled = _fill_text(text, names, quoted)
    climbs = filled is not None and {".", ".."} & set(filled.partition("?")[0].split("/"))
    return None if climbs else filled


def _fill_text(text: str, names: Names, write: Callable[[str, int], str]) -> str | None:
    if not all(_known(place[1], names) for place in PLACE.finditer(text)):
        return None
    return PLACE.sub(lambda place: write(_value(place, names), place.start()), text)


def _known(name: str, names: Names) -> bool:
    return names.get(name) is not None


def _value(place: re.Match[str], names: Names) -> str:
    value = names[place[1]]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return FILTERS[place[2]](text) if place[2] else text


def fill_value(template: JSON, names: Names) -> JSON | Absent:
    """A JSON template filled in; members and items whose value is absent are left out.

    `{"$if" = "name", then = …, else = …}` is one of its branches.
    """
    if isinstance(template, str):
        return fill(template, names)
    if isinstance(template, list):
        items = [fill_value(item, names) for item in template]
        return [item for item in items if not isinstance(item, Absent)]
    if isinstance(template, dict):
        return _fill_object(template, names)
    return template


def _fill_object(template: dict[str, JSON], names: Names) -> JSON | Absent:
    if "$if" in template:
        branch = "then" if _known(str(template["$if"]), names) else "else"
        return fill_value(template[branch], names) if branch in template else ABSENT
    filled = {key: fill_value(member, names) for key, member in template.items()}
    return {key: value for key, value in filled.items() if not isinstance(value, Absent)}


KEY: Final = {"key": "The API key, or what the hook `sign` made of it."}
EACH: Final = {"uuid": "A random UUID, another one for each request."}
MODEL: Final = {
    "endpoint": "The model's `endpoint`, of a table that of the job's mode.",
    "version": "The model's `version`; not known where it has none.",
    "mode": "The mode of the job.",
}
ALWAYS: Final = {**MODEL, **EACH}
PUBLIC: Final = {
    "webhook": "The address for messages about this job; not known without `SHOTLIST_PUBLIC_URL` and `[webhook]`.",
    "idem": "Our own id of the job.",
}
WHOLE: Final = {
    "body": "The model's whole request.",
    "built": "What the hook `build` made of the model's request, where there is one.",
}
LATER: Final = {
    "id": "The company's id of the job.",
    "link_<name>": "A link that `submit.links` found.",
    "<name>": "A value that `keep` of an earlier call found.",
}
URL: Final = {"url": "An https address that a person or a program gave."}
INLINE: Final = {
    "data_uri": "The file as a data URI.",
    "base64": "The file in base64.",
    "mime": "Its MIME type.",
}
FILE: Final = {
    "name": "The file's name.",
    "mime": "Its MIME type.",
    "kind": "image, video, audio or file.",
    "bytes": "Its size.",
}

PLACES: Final[Mapping[str, Mapping[str, str]]] = {
    "`auth.value`": KEY,
    "`headers`": EACH,
    "`[submit]`": {**ALWAYS, **PUBLIC, **WHOLE},
    "`submit.lookup`": {"idem": PUBLIC["idem"]},
    "`[status]`, `status.queue`, `[[then]]`, `[cancel]`": {**ALWAYS, **LATER},
    "`media.<kind>.url`": URL,
    "`media.<kind>.inline`": INLINE,
    "`upload.calls`": {**ALWAYS, **FILE, "file": "The file's content.", "<name>": LATER["<name>"]},
    "`status.queue.listen`": {**MODEL, **LATER},
    "`upload.handle`": {**MODEL, **FILE, "<name>": LATER["<name>"]},
}
"""Where which names are known, for the reference."""
