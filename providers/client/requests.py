"""A wire and a job's names → the request to send; pure, nothing is sent here."""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import quote
from uuid import uuid4

from msgspec import UNSET, Struct, UnsetType

from models.spec.values import JSON
from providers.description.schema import Call, Encoding, Path, ProviderDescription
from providers.description.templates import Absent, Names, fill_path, fill_text, fill_value
from providers.hooks import BUILDERS
from providers.outcomes import Operation, Submission

LISTEN: Final = "LISTEN"  # the method that stands for a websocket: its answer is the list of messages


class Request(Struct, frozen=True, kw_only=True):
    """One HTTP request.  `url` begins with "/" (under the origin) or is absolute.

    `given` says that an answer gave the address: then it is not trusted, and the key stays at the origin.  `patience`
    is for how many seconds a websocket is listened to, or until a message is `enough`.
    """

    method: str
    url: str
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: JSON | UnsetType = UNSET
    encoding: Encoding = "json"
    files: tuple[str, ...] = ()
    given: bool = False
    patience: float = 0.0
    enough: Callable[[JSON], bool] | None = None


def build(description: ProviderDescription, call: Call, names: Names) -> Request | None:
    """The request of a call; None where no path of it can be filled in for this job."""
    names = {"uuid": str(uuid4()), **names}
    for template in paths(call.path, names):
        url = fill_path(template, names)
        if url is not None:
            return Request(
                method=call.method,
                url=url,
                query=_texts(call.query, names),
                headers=_header_texts({**description.headers, **call.headers}, names),
                body=_body(call, names),
                encoding=call.encoding,
                files=call.files,
                given=template.startswith("{"),
            )
    return None


def build_submit(description: ProviderDescription, names: Names, body: dict[str, JSON]) -> Request | None:
    """The order: `body`, as the model wants it, placed once, with the wire's own members merged in."""
    submit = description.submit
    for name in submit.listed:
        if name in body and not isinstance(body[name], list):
            body = {**body, name: [body[name]]}
    built = BUILDERS[submit.build](body, str(names.get("idem") or "")) if submit.build else None
    return build(description, submit, {**names, "body": body, "built": built})


def every_path(path: Path) -> Iterator[str]:
    """All path templates of a call."""
    yield from (path,) if isinstance(path, str) else path.values() if isinstance(path, dict) else path


def paths(path: Path, names: Names) -> Iterator[str]:
    """The path templates to try for this job, in order."""
    if isinstance(path, str):
        yield path
    elif not isinstance(path, dict):
        yield from path
    elif "plain" in path:
        yield path["version" if names.get("version") and "version" in path else "plain"]
    else:
        yield from _chosen(path, str(names.get("mode") or ""), str(names.get("endpoint") or ""))


def _chosen(path: dict[str, str], mode: str, endpoint: str) -> Iterator[str]:
    """The path for the mode, else the first whose pattern fits the endpoint."""
    if mode in path:
        yield path[mode]
        return
    fitting = (found for pattern, found in path.items() if "*" in pattern and fnmatchcase(endpoint, pattern))
    yield from list(fitting)[:1]


def names_of(operation: Operation) -> dict[str, JSON]:
    """What later calls may name of a job."""
    links: dict[str, JSON] = {f"link_{name}": link for name, link in operation.links.items()}
    return {**operation.kept, **links, **names_of_model(operation), "id": operation.id or None}


def names_of_model(asked: Operation | Submission) -> dict[str, JSON]:
    """What any call may name of the model that was asked for; "" is as good as nothing."""
    return {
        "endpoint": asked.endpoint or None,
        "version": asked.version or None,
        "mode": asked.mode or None,
    }


def _texts(templates: dict[str, str], names: Names) -> dict[str, str]:
    filled = {key: fill_text(template, names) for key, template in templates.items()}
    return {key: text for key, text in filled.items() if text is not None}


def _header_texts(templates: dict[str, str], names: Names) -> dict[str, str]:
    """As `_texts`; what a header cannot hold (a file name in Cyrillic, a line break) is percent-encoded."""
    filled = _texts(templates, names)
    return {key: quote(text, safe=_PRINTABLE) for key, text in filled.items()}


_PRINTABLE = "".join(map(chr, range(32, 127)))


def _body(call: Call, names: Names) -> JSON | UnsetType:
    if call.body is UNSET:
        return UNSET
    filled = fill_value(call.body, names)
    if isinstance(filled, Absent):
        return UNSET
    merged = fill_value(call.merge, names)
    return {**filled, **merged} if isinstance(filled, dict) and isinstance(merged, dict) else filled
