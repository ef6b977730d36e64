"""What can go wrong with a job, by class, and the sentence that tells a person what to do about it."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from providers.answers import Billing, ErrorKind, ProviderError


class Class(Struct, frozen=True):
    """One class of error: what happened, what to do next, and whether the same request may succeed later."""

    what: str
    next: str
    retryable: bool = False


CLASSES: Final[Mapping[ErrorKind, Class]] = {
    "invalid_input": Class("{company} did not accept the input{field}", "Change it and run it again."),
    "moderation": Class(
        "{company} refused this under its content rules{field}",
        "Change the prompt or the files and run it again.",
    ),
    "no_credit": Class("The account at {company} has no credit left", "Top it up there, then run it again."),
    "rate_limited": Class(
        "{company} takes no more requests at the moment", "Wait a minute, then run it again.", retryable=True
    ),
    "auth": Class(
        "{company} did not accept the API key for this",
        "Check the key and what it may use, then run it again.",
    ),
    "provider_down": Class("{company} had a failure of its own", "Run it again later.", retryable=True),
    "timeout": Class(
        "{company} did not finish in time", "Run it again, or choose a faster model.", retryable=True
    ),
    "expired": Class("The result is no longer to be had at {company}", "Run it again.", retryable=True),
    "storage": Class(
        "The result could not be stored here", "Make room on the disk, then run it again.", retryable=True
    ),
    "bad_output": Class("{company} finished without a usable video", "Run it again.", retryable=True),
    "unknown": Class(
        "{company} could not do this{field}", "Run it again, or change the input.", retryable=True
    ),
}

MONEY: Final[Mapping[Billing, str]] = {
    "not_billed": "It was not billed.",
    "billed": "It was billed.",
    "unknown": "It may have been billed: look in your account there.",
}


def tell(
    kind: ErrorKind,
    company: str,
    message: str = "",
    *,
    billing: Billing = "unknown",
    field: str | None = None,
) -> ProviderError:
    """The error with its sentence.  `message`: the provider's own words; `field`: its name of the input to blame."""
    entry = CLASSES[kind]
    what = entry.what.format(company=company, field=f" ({field})" if field else "")
    said = f": {message.rstrip(' .')}." if message else "."
    sentence = f"{what}{said} {MONEY[billing]} {entry.next}"
    return ProviderError(kind, message, sentence, field, billing, entry.retryable)


def kind_of_status(status: int) -> ErrorKind:
    """The class of an HTTP error about which the body says nothing."""
    if status >= 500 or status in (408, 425):
        return "provider_down"
    by_status: Mapping[int, ErrorKind] = {401: "auth", 402: "no_credit", 403: "auth", 429: "rate_limited"}
    return by_status.get(status, "invalid_input" if status >= 400 else "unknown")
