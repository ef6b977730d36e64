"""The grammar of a provider's TOML file: how its calls look and where things stand in its answers.

The tables of calls are in calls.py, with the notation of pointers, templates and paths; those of media in inputs.py.
The texts under the keys are what docs/provider-reference.md and providers/schema.json say of them.

The tables of a provider's TOML file that describe HTTP calls: order, look, result, cancel, check.

A pointer is RFC 6901 with `*` for all members; where several are listed, the first that finds something counts.
A template is text with `{name}`.  A path begins with "/" (under `base`), "https://" (another of the company's own
hosts) or a `{name}` that an answer gave (a link); of several paths the first whose names are all known counts.

The tables of a provider's TOML file that say how media files get to it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from models.spec.values import JSON
from providers.outcomes import Billing, ErrorKind, State

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


class QueueListing(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
    queue: QueueListing | None = None


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
    """For the reader: it deletes a finished result too. The status is asked for before every cancel in any case."""
    only_queued: bool = False
    """For the reader: only jobs that still wait there are stopped, and others run to their end."""
    gone: Literal["canceled", "failed"] | None = None
    """What it means that the company does not know the job any more after this; without it, nothing."""


# Media kinds are "image", "video", "audio" and "file".
Template: TypeAlias = JSON | UnsetType


class UploadCall(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a file is handed over before the order."""

    calls: tuple[Call, ...]
    """The calls, in order; `{file}` is the file's content."""
    handle: JSON
    """A template of what then stands for the file in the request."""
    max_bytes: int
    """The largest file."""
    expires: Pointers = ()
    """When the handle ends, in the last answer: ISO 8601 or Unix seconds."""
    ttl: int | None = None
    """Seconds for which the handle lasts, where the answer does not say it."""


class DeliveryWay(Struct, frozen=True, forbid_unknown_fields=True):
    """How one kind of media goes along.

    A file goes inside the request if it fits there, else by `upload`, else by our own public address.
    """

    url: Template = "{url}"
    """A template for an https address; false: the company takes none, so we fetch the file and hand it over."""
    inline: Template = UNSET
    """A template for a file inside the request."""
    inline_max_bytes: int = 0
    """The largest file that goes inside the request, before it is encoded."""
    upload: UploadCall | None = None

    @property
    def takes_urls(self) -> bool:
        """Whether the company fetches files itself."""
        return self.url is not False


class MediaDelivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How files get to the company, by kind."""

    any: DeliveryWay = DeliveryWay()
    """For every kind that has no table of its own."""
    image: DeliveryWay | None = None
    """For pictures."""
    video: DeliveryWay | None = None
    """For clips."""
    audio: DeliveryWay | None = None
    """For sounds."""
    file: DeliveryWay | None = None
    """For other files."""
    upload: UploadCall | None = None
    """For kinds without an upload of their own."""

    def way(self, kind: str) -> DeliveryWay:
        """The way for "image", "video", "audio" or "file"."""
        return {"image": self.image, "video": self.video, "audio": self.audio, "file": self.file}.get(
            kind
        ) or self.any

    def upload_for(self, kind: str) -> UploadCall | None:
        """The upload for a kind, if there is one."""
        return self.way(kind).upload or self.upload


class Auth(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the API key goes: in a header or in a query parameter. Without this table no key is sent."""

    env: str
    """The environment variable that holds the key, named as the company's own SDK names it."""
    header: str = ""
    """The header that carries it."""
    query: str = ""
    """The query parameter that carries it."""
    value: str = "{key}"
    """What stands there, with `{key}` for the key."""
    sign: str = ""
    """The hook that makes another `{key}` of the key for each request, such as a token that expires."""


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """The member by which an answer says that it is no refusal, whatever its HTTP status."""

    at: str
    """A pointer to the member; an answer without it refuses nothing."""
    equals: JSON
    """Its value in an answer that is no refusal; any other is the code of an error."""
    message: Pointers = ()
    """The words of a refusal, where `error.message` finds none."""


class OutputPlaces(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The finished files in the last answer. Pointers but `each` begin at one of them.

    Sizes and times that a file lacks are looked for in the whole answer, then in the answer to the status call.
    """

    each: Pointers = ""
    """The files; without it, the answer itself is one."""
    where: dict[str, str] = {}
    """Patterns by pointer: only files are taken whose members match them."""
    url: Pointers = ""
    """A file's address; without it, the file is its own address."""
    template: str = ""
    """A path made of the file's members and the job's names, instead of `url`."""
    width: Pointers = ()
    """Pixels."""
    height: Pointers = ()
    """Pixels."""
    size: Pointers = ()
    """Width and height in one text: "1280x720" or "1280*720"."""
    duration: Pointers = ()
    """Seconds."""
    format: Pointers = ()
    """The format, such as "mp4", or its MIME type."""
    key: Literal["none", "own-origin"] = "none"
    """Whether a download carries the API key: never, or at the company's own origin only."""
    ttl: int | None = None
    """Seconds for which the files stay there."""


class CostAt(Struct, frozen=True, forbid_unknown_fields=True):
    """Where an answer says what a finished job cost."""

    at: Pointers
    """The number."""
    times: str = "1"
    """What it is multiplied by to give an amount, as text."""
    currency: str = "USD"
    """What is counted: a currency, or the company's own units."""
    failures: bool = False
    """The number is exact for failed jobs too: 0 then means that nothing was billed."""


class Errors(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an error says what it is. Patterns are searched in one text: "HTTP-status code message"."""

    code: Pointers = ()
    """The company's own code of the error."""
    message: Pointers = ()
    """Its own words, shown to the owner of the job."""
    field: Pointers = ()
    """The input that it blames; of several names the last."""
    classes: dict[ErrorKind, tuple[str, ...]] = {}
    """Patterns by class of error, for what the HTTP status does not tell; the first hit wins."""
    refusals: tuple[str, ...] = ()
    """Patterns of 5xx answers to an order that surely started nothing; any other 5xx is no clear answer."""
    wait: str = ""
    """A pattern on the message whose first group is the seconds to wait."""
    wait_at: Pointers = ()
    """The seconds to wait in the answer: 30, or "30s"."""
    hide: tuple[str, ...] = ()
    """Patterns of what is cut out of messages."""
    unbilled: tuple[str, ...] = ()
    """Patterns of words that say that nothing was charged, whatever `billing` says of the class."""


class Poll(Struct, frozen=True, forbid_unknown_fields=True):
    """How often a job's status is asked for."""

    first: float = 3
    """Seconds from the acceptance to the first time."""
    every: float = 5
    """Seconds between two times at first; it grows."""
    max: float = 30
    """Seconds between two times at most."""
    hint: str = ""
    """A header by which the company says how many milliseconds to wait; never less than `every` is."""


Positive = Annotated[int, Meta(ge=1)]


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """How much the company takes from all our workers together."""

    concurrency: Positive = 5
    """Jobs that may be there at once."""
    per_minute: Positive | None = None
    """Orders a minute; without it, as many as come."""
    body_bytes: int | None = None
    """The largest order, files inside the request included."""


class Webhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a message of the company is known to be its own. A message only ever leads to an early look.

    `{webhook}` in the order is the address to which it goes. A verifier's keys are those that `fetch` gives, else the
    one in `env`, else the API key.
    """

    verify: str = "none"
    """The verifier of signatures; "none": nothing is signed, and the address holds a secret of the job."""
    id: Pointers
    """The company's id of the job in the message."""
    fetch: Call | None = None
    """A call that gives the public keys."""
    keys: Pointers = ()
    """The keys in its answer."""
    env: str = ""
    """The environment variable with a secret for messages."""
    challenge: str = ""
    """A pointer to a member that is sent back at once, by which the company tests the address."""


Ended: TypeAlias = Literal["succeeded", "canceled"]


class ProviderDescription(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to speak to one company. `name` is the file's name without `.toml`."""

    not_in_file: ClassVar[tuple[str, ...]] = ("name",)

    name: str = ""
    display_name: str
    """The company's name for people."""
    base: str
    """Its origin, without a path; `SHOTLIST_<NAME>_BASE_URL` in the environment overrides it."""
    source: str
    """Where the facts of this file come from."""
    checked: date
    """The day on which somebody looked there."""
    auth: Auth | None = None
    headers: dict[str, str] = {}
    """Headers of every request."""
    ok: Envelope | None = None
    submit: Submit
    status: Status
    then: tuple[Result, ...] = ()
    """Further calls after a success, in order."""
    output: OutputPlaces
    cost: CostAt | None = None
    error: Errors
    billing: dict[ErrorKind | Ended, Billing] = {}
    """What an end costs where that is known: by class of error, or for "succeeded" and "canceled"."""
    cancel: Cancel | None = None
    webhook: Webhook | None = None
    check: Call | None = None
    """A call that costs nothing and tells a good key from a bad one."""
    poll: Poll = Poll()
    limits: Limits = Limits()
    media: MediaDelivery = MediaDelivery()

    @property
    def base_url_name(self) -> str:
        """The environment variable that overrides the origin: SHOTLIST_FAL_BASE_URL."""
        return f"SHOTLIST_{self.name.upper().replace('-', '_')}_BASE_URL"

    @property
    def hooks(self) -> Mapping[str, str]:
        """The Python that this wire needs: what for, and by which name."""
        named = {
            "sign": self.auth.sign if self.auth else "",
            "build": self.submit.build,
            "verify": self.webhook.verify if self.webhook else "",
        }
        return {what: name for what, name in named.items() if name and name != "none"}
