"""What a provider can answer: every expected outcome is a value here, and nothing of it is raised.

A submission ends as one of five: Accepted, Refused, Limited, NotSent, Unclear.  A look ends as Look or
Unanswered, a cancel as Canceled, CancelAsked, CannotCancel or Unanswered, a download as Fetched or FetchFailed.
"""

from typing import Literal, TypeAlias

from msgspec import Struct

from models.spec.values import JSON

State: TypeAlias = Literal["queued", "processing", "succeeded", "failed", "canceled"]
Billing: TypeAlias = Literal["not_billed", "billed", "unknown"]
ErrorKind: TypeAlias = Literal[
    "invalid_input",
    "moderation",
    "no_credit",
    "rate_limited",
    "auth",
    "provider_down",
    "timeout",
    "expired",
    "storage",
    "bad_output",
    "unknown",
]


Cause: TypeAlias = Literal[
    "unreachable",
    "astray",
    "dead_link",
    "no_line",
    "too_large",
    "disk_full",
    "storage_away",
    "our_fault",
    "cut_off",
    "no_media",
    "late",
]
"""Why there is no video of ours although the provider was done: what its class alone does not say."""


class ProviderError(Struct, frozen=True):
    """A failure, told twice: `message` in the provider's own words (keys removed), `sentence` for a person.

    `field` is the provider's name of the input to blame, where it gave one; `company` is named in the sentence.
    """

    kind: ErrorKind
    message: str
    sentence: str
    field: str | None = None
    billing: Billing = "unknown"
    retryable: bool = False
    cause: Cause | None = None
    company: str = ""


class Operation(Struct, frozen=True):
    """All that is needed to ask for a job again, from any process; stored with the job.

    `links` and `kept` values came out of the provider's answer; links under its origin are relative to it.
    """

    id: str
    links: dict[str, str] = {}
    endpoint: str = ""
    version: str = ""
    mode: str = ""
    kept: dict[str, JSON] = {}


class Accepted(Struct, frozen=True):
    """The provider has the job, and may bill it."""

    operation: Operation


class Refused(Struct, frozen=True):
    """The provider said no, in a way that means nothing was started."""

    error: ProviderError


class Limited(Struct, frozen=True):
    """Too many requests: nothing was started, ask again after `retry_after` seconds (None: not said)."""

    error: ProviderError
    retry_after: float | None = None


class NotSent(Struct, frozen=True):
    """No byte of the request left this machine, so it may be sent again."""

    reason: str


class Unclear(Struct, frozen=True):
    """The request may have been accepted and billed; it must not be sent again.

    `said`: the provider's own words, which may repeat the prompt: for its owner, never for a log.
    """

    reason: str
    said: str = ""


SubmitAnswer: TypeAlias = Accepted | Refused | Limited | NotSent | Unclear


class Cost(Struct, frozen=True):
    """What the provider says it charged; `amount` is a decimal string."""

    amount: str
    currency: str
    source: str


class OutputFile(Struct, frozen=True):
    """One file the provider made.  `url` is relative to the origin if it lies there.

    Width and height are pixels, duration seconds, as the provider claims them.  `keyed`: fetching it takes the
    provider's key, which is sent to the provider's own origin only.
    """

    url: str
    kind: str = "video"
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    format: str | None = None
    keyed: bool = False


class Look(Struct, frozen=True):
    """Where a job stands.  `progress` is 0 to 1, `position` the place in the provider's queue, `retry_after` seconds.

    `error` is set when it failed, `billing` when it is over.
    """

    state: State
    progress: float | None = None
    position: int | None = None
    log: str | None = None
    error: ProviderError | None = None
    outputs: tuple[OutputFile, ...] = ()
    cost: Cost | None = None
    billing: Billing | None = None
    retry_after: float | None = None


class Unanswered(Struct, frozen=True):
    """The provider could not be asked just now; the job is as it was.  `gone`: it no longer knows this job (404)."""

    reason: str
    retry_after: float | None = None
    gone: bool = False


LookAnswer: TypeAlias = Look | Unanswered
FindAnswer: TypeAlias = Accepted | Unanswered


class KeyCheck(Struct, frozen=True):
    """What a call that costs nothing said of a key; `why` in words, where it is not simply accepted."""

    state: Literal["accepted", "refused", "unknown"]
    why: str = ""


class Canceled(Struct, frozen=True):
    """The provider has stopped the job for certain."""


class CancelAsked(Struct, frozen=True):
    """The provider took note; only the next look tells what became of the job."""


class CannotCancel(Struct, frozen=True):
    """This provider has no way to stop a job, or said no; `why` is a sentence for people."""

    why: str


CancelAnswer: TypeAlias = Canceled | CancelAsked | CannotCancel | Unanswered


class Fetched(Struct, frozen=True):
    """A whole file was written: its type as the server named it, and its length in bytes."""

    content_type: str
    bytes: int


class FetchFailed(Struct, frozen=True):
    """The file was not written whole.  `expired`: the link is dead, a new look may give a fresh one.

    `cause` is what to say of it where it stays so.
    """

    reason: str
    expired: bool = False
    retryable: bool = True
    cause: Cause = "unreachable"


FetchAnswer: TypeAlias = Fetched | FetchFailed
