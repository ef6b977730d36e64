"""The grammar of a provider's TOML file: how its calls look and where things stand in its answers.

The tables of calls are in calls.py, with the notation of pointers, templates and paths; those of media in inputs.py.
The texts under the keys are what docs/provider-reference.md and providers/schema.json say of them.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta, Struct

from models.spec.values import JSON
from providers.answers import Billing, ErrorKind
from providers.calls import Call, Cancel, Pointers, Result, Status, Submit
from providers.inputs import Media


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


class Output(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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


class Wire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
    output: Output
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
    media: Media = Media()

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
