"""What can go wrong with a job, by class and by cause, and the one sentence that tells a person what to do about it.

A sentence says one thing about money, and that is ours: what a company says of it is quoted as the company's. Ordering
again is advised only where it can help, and with its price; never for a result that exists and could not be had.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from providers.answers import Billing, Cause, ErrorKind, ProviderError

Again: TypeAlias = Literal["same", "changed", "never"]


class Class(Struct, frozen=True):
    """One kind of error: what happened, what to do next, and whether to order again: as it was, changed, or never."""

    what: str
    next: str
    again: Again = "never"

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.again == "same"


class About(Struct, frozen=True):
    """What is known of an order when it is told what became of it: its price as it was shown, its id at the company."""

    price: str = ""
    id: str = ""


CLASSES: Final[Mapping[ErrorKind, Class]] = {
    "invalid_input": Class(
        "{company} did not accept the input{field}", "Change it and run it again.", "changed"
    ),
    "moderation": Class(
        "{company} refused this under its content rules{field}",
        "Change the prompt or the files and run it again.",
        "changed",
    ),
    "no_credit": Class(
        "The account at {company} has no credit left", "Top it up there, then run it again.", "changed"
    ),
    "rate_limited": Class(
        "{company} takes no more requests at the moment", "Wait a minute, then run it again.", "same"
    ),
    "auth": Class(
        "{company} did not accept the API key for this",
        "Check the key and what it may use, then run it again.",
        "changed",
    ),
    "provider_down": Class("{company} had a failure of its own", "Run it again later.", "same"),
    "timeout": Class("{company} did not finish in time", "Run it again, or choose a faster model.", "same"),
    "expired": Class(
        "The result is no longer to be had at {company}",
        "Look in your account there, or ask {company} about it{id}.",
    ),
    "storage": Class(
        "The result could not be kept here",
        "It stays at {company} for as long as files are kept there: take it from your account, or ask for it{id}.",
    ),
    "bad_output": Class("{company} finished without a usable video", "Ask {company} about it{id}."),
    "unknown": Class("{company} could not do this{field}", "Run it again, or change the input.", "same"),
}

THERE: Final = "The result stays at {company}: take it from your account there, or ask for it{id}."
FAULT_THERE: Final = f"The fault is not on this side. {THERE}"
NOT_FETCHED: Final = "The result could not be fetched from {company}"

CAUSES: Final[Mapping[Cause, tuple[ErrorKind, Class]]] = {
    "unreachable": ("storage", Class(NOT_FETCHED, THERE)),
    "astray": ("storage", Class(NOT_FETCHED, FAULT_THERE)),
    "dead_link": ("expired", Class(NOT_FETCHED, FAULT_THERE)),
    "no_line": ("expired", Class(NOT_FETCHED, THERE)),
    "too_large": (
        "storage",
        Class("The result is larger than this server keeps", f"SHOTLIST_MAX_RESULT_MB is the limit. {THERE}"),
    ),
    "disk_full": (
        "storage",
        Class(
            "The result could not be stored here",
            f"Make room on the disk of this server. {THERE} If it is gone there, run it again.",
            "same",
        ),
    ),
    "storage_away": (
        "storage",
        Class("The result could not be stored here", f"Look after the storage of this server. {THERE}"),
    ),
    "our_fault": (
        "storage",
        Class("The result could not be stored here", f"The log of this server says more. {THERE}"),
    ),
    "cut_off": ("bad_output", Class("{company} delivered a video that is not whole", FAULT_THERE)),
    "no_media": ("bad_output", Class("{company} finished without a usable video", FAULT_THERE)),
    "late": (
        "timeout",
        Class(
            "{company} did not finish in time",
            "Shotlist goes on asking for a day and keeps a video that comes late. "
            "For the next one a faster model may do.",
        ),
    ),
}

MONEY: Final[Mapping[Billing, str]] = {
    "not_billed": "It was not billed.",
    "billed": "It was billed.",
    "unknown": "It may have been billed: look in your account there.",
}

_OF_MONEY: Final = re.compile(
    r"(?i)\b(un)?(charge|charging|bill(s|ed|ing|able)?\b|refund|credits?\b|pay(s|ing|ments?)?\b|paid\b|costs?\b"
    r"|invoice|deduct|free of|fees?\b)|[$€£¥]|扣费|计费|收费|费用|退款|余额"
)


def tell(
    kind: ErrorKind,
    company: str,
    message: str = "",
    *,
    billing: Billing = "unknown",
    field: str | None = None,
    cause: Cause | None = None,
    about: About | None = None,
) -> ProviderError:
    """The error with its sentence.  `message`: the provider's own words; `field`: its name of the input to blame.

    A `cause` says more than its class, which then is that of the cause.
    """
    kind, entry = CAUSES[cause] if cause else (kind, CLASSES[kind])
    about = about or About()
    names = {
        "company": company,
        "field": f" ({field})" if field else "",
        "id": f" with the id {about.id}" if about.id else "",
    }
    what = f"{entry.what.format(**names)}{because(company, message)}"
    then = entry.next.format(**names)
    price = costs_again(about.price, billing) if entry.again != "never" else ""
    sentence = " ".join(filter(None, [what, MONEY[billing], then, price]))
    return ProviderError(kind, message, sentence, field, billing, entry.retryable, cause, company)


def costs_again(price: str, billing: Billing) -> str:
    """What stands beside the advice to order again; "" where no price is known."""
    if not price:
        return ""
    return f"Running it again costs {price}{'' if billing == 'not_billed' else ' again'}."


def quoted(company: str, message: str) -> str:
    """Their words, where they speak of money: so that nobody takes them for ours. Else the message as it is."""
    words = message.rstrip(" .")
    if not _OF_MONEY.search(words):
        return words
    told = words.replace('"', "'")
    return f'{company} says: "{told}{_stop(told)}"'


def because(company: str, message: str) -> str:
    """What follows "Acme could not do this" in a sentence: their words, quoted where they are of money."""
    words = quoted(company, message)
    if not words:
        return "."
    return f". {words}" if words.endswith('"') and ours(words) != words else f": {words}{_stop(words)}"


def _stop(words: str) -> str:
    return "" if words[-1:] in ("!", "?", "…", "。") else "."


def ours(sentence: str) -> str:
    """A sentence without what it quotes of a company."""
    return re.sub(r'says: "[^"]*"', "", sentence)


def kind_of_status(status: int) -> ErrorKind:
    """The class of an HTTP error about which the body says nothing."""
    if status >= 500 or status in (408, 425):
        return "provider_down"
    by_status: Mapping[int, ErrorKind] = {401: "auth", 402: "no_credit", 403: "auth", 429: "rate_limited"}
    return by_status.get(status, "invalid_input" if status >= 400 else "unknown")
