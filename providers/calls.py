"""The tables of a provider's TOML file that describe HTTP calls: order, look, result, cancel, check.

A pointer is RFC 6901 with `*` for all members; where several are listed, the first that finds something counts.
A template is text with `{name}`.  A path begins with "/" (under `base`), "https://" (another of the company's own
hosts) or a `{name}` that an answer gave (a link); of several paths the first whose names are all known counts.
"""

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from models.values import JSON
from providers.answers import ErrorKind, State

Pointers: TypeAlias = str | tuple[str, ...]
Path: TypeAlias = str | tuple[str, ...] | dict[str, str]
Encoding: TypeAlias = Literal["json", "form", "multipart", "raw"]


class Call(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One HTTP request.  `keep` names values of its answer for later calls.

    `path` may be a table: by mode; by a pattern of endpoints such as "MiniMax-H3*" ("*": all others); or `plain` and
    `version`.  The members of `merge` are added to the body where their values are known.  `files` are members of a
    multipart body that hold a data URI and go as a file.
    """

    path: Path
    method: Literal["GET", "POST", "PUT", "DELETE"] = "GET"
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: JSON | UnsetType = UNSET
    merge: dict[str, JSON] = {}
    encoding: Encoding = "json"
    files: tuple[str, ...] = ()
    keep: dict[str, Pointers] = {}


class Submit(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The order.  `body` places `{body}` once, or `{built}`: what the hook `build` made of the body.

    `links` are addresses in the answer, later known as `{link_<name>}`; `warning` finds words to be shown while the
    provider says no others.  Members of the body in `listed` become a list of one.  `lookup` is an id of ours that
    goes along and by which the provider can be asked whether an order arrived; only from first-hand evidence.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"] = "POST"
    body: JSON | UnsetType = "{body}"
    build: str = ""
    listed: tuple[str, ...] = ()
    id: Pointers
    links: dict[str, Pointers] = {}
    warning: Pointers = ()
    lookup: str = ""


class Judgement(Struct, frozen=True, forbid_unknown_fields=True):
    """If a value stands `at` (equal to `equals`, or matching `match`) and none at `unless`, the state is `then`."""

    at: str
    then: State
    equals: JSON | UnsetType = UNSET
    match: str = ""
    unless: str = ""
    kind: ErrorKind | None = None


class Listen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A websocket that tells how far a running job is: listened to for at most `seconds` in a look.

    The progress is the sum of `value` / `full` of each part at `each` in a message that `where` fits, over the
    number of members at `of` in the job's entry in the queue.
    """

    path: str
    seconds: float = 2.0
    where: dict[str, str] = {}
    each: str
    value: str
    full: str
    of: str


class Queue(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call before each look that lists the jobs which wait and run: one found there needs no look.

    `id` and `order` (the lowest is next) are relative to an entry.
    """

    waiting: str
    running: str
    id: str
    order: str
    listen: Listen | None = None


class Status(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The look.  The state is that of the HTTP status in `http`, else `map` of what stands at `state`; then `rules`.

    `map` knows booleans as "true" and "false", a missing member as "absent", and the state "gone": the provider does
    not know this job, as with HTTP 404 and the patterns in `gone`.  `full` is what the provider calls 100 %.
    `progress_in_log` is a pattern whose first group is a percentage.
    """

    state: Pointers
    map: dict[str, State | Literal["gone"]]
    http: dict[str, State] = {}
    rules: tuple[Judgement, ...] = ()
    gone: tuple[str, ...] = ()
    progress: Pointers = ()
    full: float = 1.0
    progress_in_log: str = ""
    position: Pointers = ()
    log: Pointers = ()
    queue: Queue | None = None


class Result(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A further call after success, whose answer holds the output and whose refusal is the job's failure.

    It is left out where `unless` finds something in the last answer.  Patterns on "HTTP-status code message":
    `pending` means not ready yet, `canceled` that it was stopped.
    """

    unless: Pointers = ()
    pending: str = ""
    canceled: str = ""


class Cancel(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The way to stop a job, and what `also` has to be asked.  `over`: HTTP statuses that mean it had ended already.

    `state` finds the state in the answer, read with the map of looks.  `destroys`: a finished result goes too.
    `gone` is what a 404 on a later look means; without it, nothing.  `only_queued`: running jobs go on.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"] = "POST"
    also: tuple[Call, ...] = ()
    state: Pointers = ()
    over: tuple[int, ...] = ()
    destroys: bool = False
    only_queued: bool = False
    gone: Literal["canceled", "failed"] | None = None
