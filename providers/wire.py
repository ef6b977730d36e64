"""The grammar of a provider's TOML file: how its calls look and where things stand in its answers.

The tables of calls are in calls.py, with the notation of pointers, templates and paths; those of media in inputs.py.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from models.values import JSON
from providers.answers import Billing, ErrorKind
from providers.calls import Call, Cancel, Pointers, Result, Status, Submit
from providers.inputs import Media


class Auth(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the key goes: the environment variable `env`, in a header or a query parameter, as `value`.

    `sign` names the hook that makes `{key}` of it for each request.
    """

    env: str
    header: str = ""
    query: str = ""
    value: str = "{key}"
    sign: str = ""


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """The member by which an answer says that it is an answer and no refusal, whatever its HTTP status.

    What stands there, and its words at `message`, tell of an error only where it refuses.
    """

    at: str
    equals: JSON
    message: Pointers = ()


class Output(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The files in the last answer: `each` finds them, the other pointers are relative to one of them.

    Sizes and times that a file lacks are looked for in the answer, then in the status.  `size` is "1280x720" or
    "1280*720".  `where` asks that members match.  `template` builds the address from members instead of finding it
    at `url`.  `key` says whether a download takes the key ("none", or "own-origin": only there).  `ttl`: seconds
    until files go.
    """

    each: Pointers = ""
    where: dict[str, str] = {}
    url: Pointers = ""
    template: str = ""
    width: Pointers = ()
    height: Pointers = ()
    size: Pointers = ()
    duration: Pointers = ()
    format: Pointers = ()
    key: Literal["none", "own-origin"] = "none"
    ttl: int | None = None


class CostAt(Struct, frozen=True, forbid_unknown_fields=True):
    """What a finished job cost: the number at `at` times `times` (a decimal string), in `currency`.

    `failures`: it is exact for a failed job too, and says whether that was billed.
    """

    at: Pointers
    times: str = "1"
    currency: str = "USD"
    failures: bool = False


class Errors(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an error says what it is.  `classes` are patterns on "HTTP-status code message", first hit wins.

    `refusals` are patterns of 5xx answers that surely started nothing.  `wait` finds the seconds to wait in a
    message, `wait_at` in the answer (30, or "30s").  What matches `hide` is cut out of messages.
    """

    code: Pointers = ()
    message: Pointers = ()
    field: Pointers = ()
    classes: dict[ErrorKind, tuple[str, ...]] = {}
    refusals: tuple[str, ...] = ()
    wait: str = ""
    wait_at: Pointers = ()
    hide: tuple[str, ...] = ()


class Poll(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds until the first look, between looks at first, and between looks at most.

    `hint` is a header by which the provider says how many milliseconds to wait.
    """

    first: float = 3
    every: float = 5
    max: float = 30
    hint: str = ""


Positive = Annotated[int, Meta(ge=1)]


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """How many of our jobs may be with the provider at once, until the operator says otherwise.

    `per_minute` is how many orders a minute it takes from all workers together; without it, as many as come.
    `body_bytes` is the largest order it takes, files inside the request included.
    """

    concurrency: Positive = 5
    per_minute: Positive | None = None
    body_bytes: int | None = None


class Webhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the provider's messages are known to be its own; `{webhook}` in the order is where they are to go.

    `verify` names the verifier; "none" is for those who sign nothing: then the address holds a secret of the job.
    Its keys are at `keys` in the answer to the call `fetch`, or in the environment variable `env`, or, without both,
    the API key.  `id` is the operation's, `challenge` a member that is to be sent back at once.
    """

    verify: str = "none"
    id: Pointers
    fetch: Call | None = None
    keys: Pointers = ()
    env: str = ""
    challenge: str = ""


Ended: TypeAlias = Literal["succeeded", "canceled"]


class Wire(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to speak to one company.  `base` is an origin; `SHOTLIST_<NAME>_BASE_URL` overrides it.

    `billing` says what an end costs where that is known: by class of error, or for "succeeded" and "canceled".
    `check` is a call that costs nothing and tells a good key from a bad one.
    """

    name: str = ""
    display_name: str
    base: str
    source: str
    checked: date
    auth: Auth | None = None
    headers: dict[str, str] = {}
    ok: Envelope | None = None
    submit: Submit
    status: Status
    then: tuple[Result, ...] = ()
    output: Output
    cost: CostAt | None = None
    error: Errors
    billing: dict[ErrorKind | Ended, Billing] = {}
    cancel: Cancel | None = None
    webhook: Webhook | None = None
    check: Call | None = None
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
