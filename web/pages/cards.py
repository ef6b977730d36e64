"""A job as its card shows it: every sentence, figure and button, made from the row alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from providers.registry import ProviderSnapshot
from tasks.jobs.model import Job
from web.pages import card_text as say
from web.pages.card_text import Act, Extra, Trouble, VideoView, amount, clock


class Card(Struct, frozen=True, kw_only=True):
    """One job on the page. `look` is waiting, running, done, failed, resting or canceled."""

    id: str
    href: str
    look: str
    live: bool
    sandbox: bool
    heading: str
    frame: tuple[int, int]
    prompt: str
    model: str
    provider: str
    facts: tuple[str, ...]
    money: str
    money_words: str = ""
    since: float | None = None
    elapsed: str = ""
    expected: str = ""
    usual: float = 0  # seconds, for the bar; 0 where the provider tells its progress
    bar: int | None = None
    bar_words: str = ""
    log: str = ""
    words: str = ""
    video: VideoView | None = None
    extras: tuple[Extra, ...] = ()
    trouble: Trouble | None = None
    provider_id: str = ""
    again: str = ""
    acts: tuple[Act, ...] = ()


class Day(Struct, frozen=True):
    """The cards of one day."""

    title: str
    cards: tuple[Card, ...]


class Watch(Struct, frozen=True):
    """What the page's one poll asks for: the jobs that are still live, and how often, in seconds."""

    ids: str
    live: bool
    every: int
    title: str
    counts: str


class Detail(Struct, frozen=True):
    """What the job's own page adds to its card: (name, text) pairs."""

    chosen: tuple[tuple[str, str], ...]
    record: tuple[tuple[str, str], ...]


ENDS = {"succeeded": "the video is ready", "failed": "failed", "unconfirmed": "not known whether it arrived"}


def card(job: Job, provider: ProviderSnapshot, now: float, nonce: str) -> Card:
    """`nonce` makes a retry from this card one order, however often it is pressed."""
    company = provider.display_name
    video = say.video_view(job)
    since = (job.started_at or job.created_at) if job.live else None
    elapsed = now - since if since else 0.0
    return Card(
        id=job.id,
        href=f"/video/jobs/{job.id}",
        look=say.look(job),
        live=job.live,
        sandbox=job.sandbox,
        heading=say.heading(job, company),
        frame=job.frame,
        prompt=say.prompt_of(job),
        model=job.display_name,
        provider=company,
        facts=say.facts(job),
        money=say.money(job),
        money_words=say.money_words(job),
        since=since,
        elapsed=clock(elapsed),
        expected=f"about {clock(say.usual(job))}" if job.state == "processing" else "",
        usual=say.usual(job) if say.guessed(job) else 0,
        bar=say.bar(job, elapsed),
        bar_words=f"{company}'s progress" if job.progress is not None else "Elapsed of the usual time",
        log="" if job.state == "succeeded" else job.log or "",
        words=say.words(job, company, elapsed),
        video=video,
        extras=say.extras(job),
        trouble=None if video or job.live or job.state == "succeeded" else say.trouble(job, company),
        provider_id=job.provider_job_id or "",
        again=f"/video?again={job.id}",
        acts=tuple(say.acts(job, provider, now, nonce)),
    )


def watched(jobs: Iterable[Job], now: float, unseen: Iterable[str] = ()) -> Watch:
    """Looks are frequent while a job is young or nearly done, and rarer the longer all of them run.

    `unseen`: jobs whose end may not have been shown on the page yet; the next poll shows it.
    """
    live = {job.id: job for job in jobs if job.live}
    waits = [_wait(job, now) for job in live.values()]
    running = sum(job.state != "queued" for job in live.values())
    counts = [f"{running} running"] if running else []
    if len(live) > running:
        counts.append(f"{len(live) - running} queued")
    ids = dict.fromkeys((*live, *unseen))
    return Watch(
        ids=" ".join(ids),
        live=bool(ids),
        every=min(waits, default=1),
        title="In progress" if live else "Just finished",
        counts=" · ".join(counts),
    )


def ended_words(jobs: Iterable[Job]) -> str:
    """For screen readers: what has just come to its end."""
    ended = [f"{job.display_name}: {ENDS.get(job.state, job.state)}" for job in jobs if not job.live]
    return ". ".join(ended)


def days(cards: Sequence[tuple[Job, Card]], today: date) -> tuple[Day, ...]:
    """Cards by the day on which they were ordered, in the given order, by this machine's clock."""
    groups: dict[str, list[Card]] = {}
    for job, each in cards:
        groups.setdefault(day_title(datetime.fromtimestamp(job.created_at).date(), today), []).append(each)
    return tuple(Day(title, tuple(members)) for title, members in groups.items())


def day_title(day: date, today: date) -> str:
    """Today, Yesterday, Monday 16 November, 31 December 2025."""
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%A} {day.day} {day:%B}" if day.year == today.year else f"{day.day} {day:%B %Y}"


def detail(job: Job, provider: ProviderSnapshot) -> Detail:
    """The settings as they were chosen, and the record of what became of them."""
    record = [
        ("Ordered", moment(job.created_at)),
        ("Accepted by the provider", moment(job.started_at) if job.started_at else ""),
        ("Ended", moment(job.ended_at) if job.ended_at else ""),
        ("Took", clock(job.ended_at - job.created_at) if job.ended_at else ""),
        ("Provider", provider.display_name + (" (sandbox)" if job.sandbox else "")),
        ("Provider's id", job.provider_job_id or ""),
        ("Estimate", job.estimate.text),
        ("Cost", amount(job.cost.amount, job.cost.currency) if job.cost else ""),
        ("Billing", say.billing_words(job)),
        ("Last log line", job.log or ""),
    ]
    return Detail(chosen=job.labels, record=tuple(pair for pair in record if pair[1]))


def moment(when: float) -> str:
    """ "22 November 2026, 14:03:09", by this machine's clock."""
    at = datetime.fromtimestamp(when)
    return f"{at.day} {at:%B %Y, %H:%M:%S}"


def _wait(job: Job, now: float) -> int:
    age = now - job.created_at
    if job.state == "saving" or age < 30:
        return 1
    return 2 if age < 180 else 5 if age < 900 else 10
