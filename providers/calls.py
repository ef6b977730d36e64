"""The tables of a provider's TOML file that describe HTTP calls: order, look, result, cancel, check.

A pointer is RFC 6901 with `*` for all members; where several are listed, the first that finds something counts.
A template is text with `{name}`.  A path begins with "/" (under `base`), "https://" (another of the company's own
hosts) or a `{name}` that an answer gave (a link); of several paths the first whose names are all known counts.
"""

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from models.spec.values import JSON
from providers.answers import ErrorKind, State

Pointers: TypeAlias = str | tuple[str, ...]
Path: TypeAlias = str | tuple[str, ...] | dict[str, str]
Encoding: TypeAlias = Literal["json", "form", "multipart", "raw"]


class Call(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One HTTP request."""

    path: Path
    """Its address; of a list the first whose names are all known, of a table the one that fits the job."""
    method: Literal["GET", "POST", "PUT", "DELETE"] = "GET"
    """The HTTP method."""
    query: dict[str, str] = {}
    """Query parameters; one whose names are not all known is left out."""
    headers: dict[str, str] = {}
    """Headers, beside those of every request."""
    body: JSON | UnsetType = UNSET
    """A template of the body; without it, none is sent."""
    merge: dict[str, JSON] = {}
    """Members that are added to the body where their names are known."""
    encoding: Encoding = "json"
    """How the body is written; "raw" is a file as it is."""
    files: tuple[str, ...] = ()
    """Members of a multipart body that hold a data URI and go as a file."""
    keep: dict[str, Pointers] = {}
    """Values of its answer that later calls may name."""


class Submit(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The order: exactly one request, on a connection of its own."""

    method: Literal["GET", "POST", "PUT", "DELETE"] = "POST"
    """The HTTP method."""
    body: JSON | UnsetType = "{body}"
    """A template that places `{body}`, the model's whole request, exactly once; with `build`, `{built}` instead."""
    build: str = ""
    """The hook that makes `{built}` of the model's request."""
    listed: tuple[str, ...] = ()
    """Members of the model's request that go as a list: a single value becomes a list of one."""
    id: Pointers
    """The company's id of the job; an answer without it is no clear answer."""
    links: dict[str, Pointers] = {}
    """Addresses in the answer, later known as `{link_<name>}`."""
    warning: Pointers = ()
    """Words that are shown while the job's log says nothing."""
    lookup: str = ""
    """An id of ours that goes along and by which the order can be asked for; only from first-hand evidence."""


class Judgement(Struct, frozen=True, forbid_unknown_fields=True):
    """A state that counts for more than `map`; the first rule that holds wins."""

    at: str
    """A pointer: the rule holds if something stands there that is not empty."""
    then: State
    """The state it is then."""
    equals: JSON | UnsetType = UNSET
    """It holds only if that is this value."""
    match: str = ""
    """It holds only if that matches this pattern."""
    unless: Pointers = ""
    """It does not hold if something stands at one of these pointers."""
    kind: ErrorKind | None = None
    """The class of error, where `then` is "failed"."""


class Listen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A websocket that tells how far a running job is.

    The progress is the sum over the parts of `value` / `full`, divided by the number of members at `of`.
    """

    path: str
    """Its address."""
    seconds: float = 2.0
    """How long it is listened to at most, each time that the job's status is asked for."""
    where: dict[str, str] = {}
    """Patterns by pointer that a message must match to count; they may hold names."""
    each: str
    """A pointer to the parts in a message."""
    value: str
    """A pointer in a part: how far it is."""
    full: str
    """A pointer in a part: what that is when it is done."""
    of: str
    """A pointer in the job's entry in the queue to all parts of the job."""


class Queue(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that lists the jobs which wait and run; it goes first, and a job found there is not asked for."""

    waiting: str
    """A pointer to the entries of jobs that wait."""
    running: str
    """A pointer to the entries of jobs that run."""
    id: str
    """A pointer in an entry to the company's id of its job."""
    order: str
    """A pointer in an entry to its number; the lowest is next."""
    listen: Listen | None = None


class Status(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a job's state is asked for."""

    state: Pointers
    """The company's word for the state."""
    map: dict[str, State | Literal["gone"]]
    """States by that word: booleans as "true" and "false", a missing member as "absent"."""
    http: dict[str, State] = {}
    """States by HTTP status below 300, for answers whose word is not in `map`."""
    rules: tuple[Judgement, ...] = ()
    """Exceptions from `map`."""
    gone: tuple[str, ...] = ()
    """Patterns of answers that the company does not know this job, beside HTTP 404 and 410."""
    progress: Pointers = ()
    """How far it is: a number."""
    full: float = 1.0
    """What that number is when it is done."""
    progress_in_log: str = ""
    """A pattern on a line of the log whose first group is a percentage."""
    position: Pointers = ()
    """Its place in the company's queue."""
    log: Pointers = ()
    """Lines of its log; the last is shown."""
    queue: Queue | None = None


class Result(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A further call after a success. The last answer holds the output; a refusal is the job's failure."""

    unless: Pointers = ()
    """The call is left out where these find something in the answer before."""
    pending: str = ""
    """A pattern of answers that mean "not ready yet"."""
    canceled: str = ""
    """A pattern of answers that mean that the job was canceled."""


class Cancel(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The way to stop a job. Without this table it cannot be stopped there."""

    method: Literal["GET", "POST", "PUT", "DELETE"] = "POST"
    """The HTTP method."""
    also: tuple[Call, ...] = ()
    """Further calls that stopping takes."""
    state: Pointers = ()
    """The company's word for the state in the answer, read with `status.map`."""
    over: tuple[int, ...] = ()
    """HTTP statuses which mean that the job had ended already."""
    destroys: bool = False
    """It deletes a finished result too; the status is asked for before every cancel in any case."""
    only_queued: bool = False
    """For the reader: only jobs that still wait there are stopped, and others run to their end."""
    gone: Literal["canceled", "failed"] | None = None
    """What it means that the company does not know the job any more after this; without it, nothing."""
