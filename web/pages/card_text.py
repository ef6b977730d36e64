"""The words of a card: its state, its figures, its money, what went wrong, and what can be done.

Figures in words, as the page prints them: sizes, lengths, clocks, ordinals and money.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from models.spec.values import JSON
from providers.description.schema import ProviderDescription
from providers.outcomes import ours, quoted
from providers.registry import ProviderSnapshot
from tasks.jobs.failures import price_again, unconfirmed
from tasks.jobs.model import Job, Output

CURRENCIES = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥"}


def number(value: int | float | None) -> str:
    """5, 2.5; "" for nothing."""
    if value is None:
        return ""
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def seconds(value: float) -> str:
    """A video's length: "5 s", "5.4 s", "1:05 min"."""
    if value >= 60:
        return f"{clock(value)} min"
    shown = round(value, 1)
    return f"{number(shown)} s"


def megabytes(size: int) -> str:
    """A file's size in units of 1,000: "0.8 MB", "340 kB"."""
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(1, round(size / 1000))} kB"


def clock(value: float) -> str:
    """Passed time: "0:07", "12:30", "1:02:03"."""
    whole = max(0, int(value))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def about(value: float) -> str:
    """A usual time, roundly: "40 s", "about 3 min"."""
    if value < 90:
        return f"about {round(value / 10) * 10 or 5} s"
    return f"about {round(value / 60)} min"


def ordinal(value: int) -> str:
    """1st, 2nd, 3rd, 11th."""
    ending = "th" if 10 < value % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def listed(words: Sequence[str]) -> str:
    """ "Replicate, Runway and fal" """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def either(words: Sequence[str]) -> str:
    """ "JPEG, PNG or WEBP" """
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def amount(value: str, currency: str) -> str:
    """ "$1.40": at least two decimals, more only where they say something."""
    whole, _, cents = value.partition(".")
    shown = f"{whole}.{cents.rstrip('0').ljust(2, '0')}"
    sign = CURRENCIES.get(currency)
    return f"{sign}{shown}" if sign else f"{shown} {currency}"


SANDBOX_SECONDS = 10.0  # what a job takes in the sandbox, about
UNCLEAR = "Not known whether it arrived"
SLOW = 1.5  # times the usual time, after which the card says so

TITLES = {
    "invalid_input": "An input was refused",
    "moderation": "Refused by the safety check",
    "no_credit": "No credit left",
    "rate_limited": "Too many requests",
    "auth": "The key was refused",
    "provider_down": "The provider did not answer",
    "timeout": "It took too long",
    "expired": "The result could not be fetched",
    "storage": "The result could not be kept",
    "bad_output": "No usable video came back",
    "unknown": "It failed",
}


class VideoView(Struct, frozen=True):
    """A finished video, with the addresses it is served from."""

    url: str
    poster: str
    width: int
    height: int
    size: str
    download: str


class Extra(Struct, frozen=True):
    """A further file that the job made: a link to keep it."""

    label: str
    url: str
    download: str


class Trouble(Struct, frozen=True):
    """Why there is no video: what happened, what it cost, and the provider's own words."""

    title: str
    what: str
    money: str
    own_words: str = ""
    field: str = ""


class Act(Struct, frozen=True):
    """A button on a card. With `sure` it says something first; `adds` puts another card on the page."""

    label: str
    href: str
    money: str = ""
    sure: str = ""
    nonce: str = ""
    adds: bool = False
    leaves: bool = False  # the card goes
    asks: str = ""  # the label of a line that is sent along


def prompt_of(job: Job) -> str:
    """The words that best say what the video shows: the prompt, or a row's prompt, or nothing."""
    values: list[JSON] = [job.values.get("prompt"), job.values.get("text")]
    for value in job.values.values():
        if isinstance(value, list):
            values += [row.get("prompt") for row in value if isinstance(row, dict)]
    return next((value for value in values if isinstance(value, str) and value), "")


def look(job: Job) -> str:
    match job.state:
        case "queued":
            return "waiting"
        case "submitting" | "processing" | "saving":
            return "running"
        case "succeeded":
            return "done"
        case "unconfirmed":
            return "resting"
        case state:
            return state


def heading(job: Job, company: str) -> str:
    if job.cancel_requested_at and job.live:
        return "Canceling"
    match job.state:
        case "queued":
            return "Queued"
        case "submitting":
            return f"Sending to {company}"
        case "processing" if job.progress is not None:
            return f"Processing · {round(job.progress * 100)} %"
        case "processing" if job.queue_position:
            return f"Queued at {company} · {ordinal(job.queue_position)}"
        case "processing":
            return "Processing"
        case "saving":
            return "Saving the video"
        case state:
            return state.capitalize()


def facts(job: Job) -> tuple[str, ...]:
    video_view = next((each for each in job.outputs if each.kind == "video"), None)
    if video_view is None:
        return tuple(text for label, text in job.labels if _is_short(label, text))[:3]
    size = f"{video_view.width}×{video_view.height}" if video_view.width and video_view.height else ""
    length = seconds(video_view.duration) if video_view.duration else ""
    return tuple(part for part in (size, length) if part)


def _is_short(label: str, text: str) -> bool:
    return label in ("Duration", "Resolution", "Aspect ratio", "Size") and len(text) <= 12


def video_view(job: Job) -> VideoView | None:
    found = next((each for each in job.outputs if each.kind == "video"), None)
    if found is None:
        return None
    base = f"/media/{job.id}/"
    return VideoView(
        url=base + found.name,
        poster=base + found.poster if found.poster else "",
        width=found.width or job.frame[0],
        height=found.height or job.frame[1],
        size=f"{found.format.upper()}, {megabytes(found.bytes)}",
        download=download_name(job, found),
    )


def extras(job: Job) -> tuple[Extra, ...]:
    """All that the job made beside the video that its card plays."""
    shown = video_view(job)
    named = {"image": "Image", "audio": "Sound"}
    return tuple(
        Extra(f"{named.get(each.kind, 'Video')} {number}", url, download_name(job, each))
        for number, each in enumerate(job.outputs, 1)
        if (url := f"/media/{job.id}/{each.name}") != (shown.url if shown else "")
    )


def download_name(job: Job, output: Output) -> str:
    """A file name that says what it is: model and the beginning of the prompt."""
    words = "".join(letter if letter.isalnum() else " " for letter in prompt_of(job)).split()[:6]
    return "-".join([job.model, *words]).lower()[:60] + f".{output.format}"


def money(job: Job) -> str:
    if job.cost:
        return amount(job.cost.amount, job.cost.currency)
    if job.sandbox or job.billing == "not_billed":
        return "not billed"
    return job.estimate.text


def money_words(job: Job) -> str:
    if job.cost:
        return f"What it cost, as {job.cost.source} says"
    if job.sandbox:
        return f"Made in the sandbox. For real: {job.estimate.text}"
    return billing_words(job)


def billing_words(job: Job) -> str:
    match job.billing:
        case "not_billed":
            return "Nothing was billed."
        case "billed":
            return "This was billed."
        case "unknown":
            return "It is not known whether this was billed: the provider's usage page says."
        case _:
            return f"Estimated before it ran: {job.estimate.text}."


def guessed(job: Job) -> bool:
    """Whether the bar shows time rather than the provider's progress."""
    return job.state == "processing" and job.progress is None


def usual(job: Job) -> float:
    """Seconds that such a job takes."""
    return SANDBOX_SECONDS if job.sandbox else max(job.typical_sec, 1.0)


def bar(job: Job, elapsed: float) -> int | None:
    match job.state:
        case "processing" if job.progress is not None:
            return round(job.progress * 100)
        case "processing" if guessed(job):
            return min(95, round(100 * elapsed / usual(job)))
        case "processing" | "submitting":
            return 0
        case "saving":
            return 100
        case _:
            return None


def words(job: Job, company: str, elapsed: float) -> str:
    if job.state == "succeeded":
        return " ".join(each.note for each in job.outputs if each.note)
    if job.live and job.cancel_requested_at:
        return f"{company} was asked to stop. If the video is ready first, it is kept."
    if job.state == "processing" and not job.sandbox and elapsed > SLOW * job.typical_sec and job.deadline_at:
        until = datetime.fromtimestamp(job.deadline_at)
        return f"This takes longer than usual ({about(job.typical_sec)}). Shotlist waits until {until:%H:%M}."
    return ""


def trouble(job: Job, company: str) -> Trouble:
    """The error's sentence is the one that the API gives too; where there is none, the row says what is known."""
    error = job.error
    if error is None:
        return _without_error(job, company)
    unclear, own = job.state == "unconfirmed", quoted(company, error.message)
    told = unclear or own in error.sentence or error.message.rstrip(" .") in error.sentence
    return Trouble(
        title=UNCLEAR if unclear else TITLES.get(error.kind, TITLES["unknown"]),
        what=error.sentence,
        money="" if "billed" in ours(error.sentence) else billing_words(job),
        own_words="" if told else own,
        field=error.field or "",
    )


def _without_error(job: Job, company: str) -> Trouble:
    if job.state != "unconfirmed":
        return Trouble("Canceled" if job.state == "canceled" else "It failed", "", billing_words(job))
    return Trouble(
        title=UNCLEAR,
        what=unconfirmed(
            company,
            "no answer came back",
            sandbox=job.sandbox,
            price=price_again(job.estimate, job.sandbox),
        ).sentence,
        money="",
    )


def acts(job: Job, provider: ProviderSnapshot, now: float, nonce: str) -> list[Act]:
    base = f"/video/jobs/{job.id}"
    acts, company, description = [], provider.display_name, provider.description
    stoppable = job.operation is None or (description is not None and description.cancel is not None)
    if job.live and job.state != "saving" and not job.cancel_requested_at and stoppable:
        acts.append(Act("Cancel", f"{base}/cancel", money=_cancel_money(job, description)))
    if job.findable(now):
        words = f"If {company} lists this job in your account, give its id: Shotlist goes on from there."
        acts.append(Act("I have its id", f"{base}/found", sure=words, asks=f"{company}'s id of this job"))
    if job.state in ("failed", "canceled", "unconfirmed"):
        price, sure = "" if job.sandbox else job.estimate.text, _twice_words(job, company)
        acts.append(Act("Try again", f"{base}/retry", money=price, sure=sure, nonce=nonce, adds=True))
    if not job.live:
        acts.append(Act("Delete", f"{base}/delete", sure=_delete_words(job), leaves=True))
    return acts


def _cancel_money(job: Job, description: ProviderDescription | None) -> str:
    if job.sandbox:
        return "free"
    if job.operation is None and job.state == "queued":
        return "nothing sent yet"
    free = description is not None and description.billing.get("canceled") == "not_billed"
    return "free" if free else "may be billed"


def _twice_words(job: Job, company: str) -> str:
    """A warning wherever the same video may end up paid for twice."""
    if job.found and job.billing != "not_billed" and not job.sandbox:
        known = f" with the id {job.provider_job_id}" if job.provider_job_id else ""
        price = price_again(job.estimate, job.sandbox)
        again = (
            f"makes another one and costs {price} once more"
            if price
            else "makes another one and is paid for again"
        )
        return (
            f"{company} has made this video, and it is still there: ask for it{known}. Trying again {again}."
        )
    if job.billing != "unknown":
        return ""
    running = "may be under way and billed" if job.state == "unconfirmed" else "may have been billed"
    return f"The first one {running}: look at {company} before you order the same once more."


def _delete_words(job: Job) -> str:
    match job.state:
        case "succeeded":
            return "The video and its files are removed for good."
        case "unconfirmed":
            return "It may still be running and billed. After this Shotlist knows nothing of it any more."
        case _:
            return "This entry is removed for good."
