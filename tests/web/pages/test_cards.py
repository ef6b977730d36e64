"""What a card says of its job: state, time, money, trouble, and what can be done."""

from datetime import date, datetime
from typing import get_args

import pytest
from msgspec.structs import replace

from providers.outcomes import Billing, Cost, ErrorKind, OutputFile, make_error, ours
from providers.registry import ProviderSnapshot
from tasks.jobs.failures import failed, unconfirmed
from tasks.jobs.model import JobError, Output
from tests.web.pages.jobs import DEAF, FILM, NOW, OPERATION, WIRE, job
from web.api.schemas import job_answer
from web.pages.cards import Card, card, day_title, days, detail, watched

PROVIDER = ProviderSnapshot(WIRE.name, WIRE)


def shown(**facts: object) -> Card:
    return card(job(**facts), PROVIDER, NOW, "n")


def buttons(found: Card) -> list[tuple[str, str]]:
    return [(act.label, act.money) for act in found.acts]


@pytest.mark.parametrize(
    ("facts", "heading"),
    [
        ({"state": "queued"}, "Queued"),
        ({"state": "submitting"}, "Sending to Acme"),
        ({"state": "processing", "queue_position": 3}, "Queued at Acme · 3rd"),
        ({"state": "processing"}, "Processing"),
        ({"state": "processing", "progress": 0.463}, "Processing · 46 %"),
        ({"state": "saving"}, "Saving the video"),
        ({"state": "processing", "cancel_requested_at": NOW}, "Canceling"),
    ],
)
def test_a_running_card_says_where_it_stands(facts: dict[str, object], heading: str) -> None:
    assert shown(**facts).heading == heading


def test_time_is_counted_from_the_order_until_the_provider_accepts_and_then_from_there() -> None:
    assert (shown().elapsed, shown().expected) == ("1:24", "")
    running = shown(state="processing", started_at=NOW - 24)
    assert (running.elapsed, running.expected) == ("0:24", "about 3:00")


def test_the_bar_shows_the_providers_progress_or_else_the_time() -> None:
    assert shown(state="processing", progress=0.5).bar == 50
    assert shown(state="processing", started_at=NOW - 90).bar == 50
    assert shown(state="processing", started_at=NOW - 900).bar == 95, "time never looks finished"
    assert shown(state="saving").bar == 100
    assert shown().bar is None
    assert shown(state="processing", sandbox=True, started_at=NOW - 5).bar == 50, "the sandbox is quick"


def test_a_job_that_is_late_says_until_when_we_wait() -> None:
    until = datetime(2026, 11, 22, 14, 30).timestamp()
    late = shown(state="processing", started_at=NOW - 600, deadline_at=until)
    assert "longer than usual" in late.words
    assert "14:30" in late.words
    assert shown(state="processing", started_at=NOW - 60, deadline_at=until).words == ""


def test_canceling_says_what_it_may_cost() -> None:
    assert buttons(shown()) == [("Cancel", "nothing sent yet")]
    assert buttons(shown(state="processing", operation=OPERATION)) == [("Cancel", "may be billed")]
    assert buttons(shown(state="processing", operation=OPERATION, sandbox=True)) == [("Cancel", "free")]
    assert buttons(shown(state="processing", cancel_requested_at=NOW)) == []
    deaf = card(job(state="processing", operation=OPERATION), ProviderSnapshot(DEAF.name, DEAF), NOW, "n")
    assert buttons(deaf) == [], "a provider that cannot be stopped has no button"


def test_a_video_says_its_size_length_format_and_cost() -> None:
    done = shown(state="succeeded", outputs=(FILM,), cost=Cost("1.4", "USD", "Acme"), billing="billed")
    assert done.video is not None
    assert done.video.url == "/media/j1/video.mp4"
    assert done.video.poster == "/media/j1/video.jpg"
    assert done.facts == ("1280×720", "5 s")
    assert done.video.size == "MP4, 3.2 MB"
    assert (done.money, done.money_words) == ("$1.40", "What it cost, as Acme says")
    assert done.video.download == "boat-1-a-paper-boat.mp4"
    assert not done.live


def test_before_it_is_known_the_money_is_the_estimate_and_in_the_sandbox_there_is_none() -> None:
    assert shown().money == "about $1.40"
    assert shown(sandbox=True).money == "not billed"
    assert "about $1.40" in shown(sandbox=True).money_words


@pytest.mark.parametrize(
    ("billing", "words"),
    [("not_billed", "Nothing was billed."), ("billed", "This was billed."), ("unknown", "not known whether")],
)
def test_a_failure_says_whether_it_was_billed(billing: str, words: str) -> None:
    error = JobError("provider_down", "worker lost", "Acme broke down. Run it again later.")
    failed = shown(state="failed", error=error, billing=billing, operation=OPERATION)
    assert failed.trouble is not None
    assert words in failed.trouble.money
    assert failed.trouble.what == "Acme broke down. Run it again later."
    assert failed.trouble.own_words == "worker lost"
    assert failed.provider_id == "op-1"


def test_the_money_of_a_failure_is_not_said_twice() -> None:
    error = JobError(
        "invalid_input", "bad", "Acme refused the image: bad. It was not billed.", field="start_image"
    )
    failed = shown(state="failed", error=error, billing="not_billed")
    assert failed.trouble is not None
    assert failed.trouble.money == ""
    assert failed.trouble.own_words == ""
    assert failed.trouble.field == "start_image"


def test_trying_again_shows_its_price_but_not_in_the_sandbox() -> None:
    error = JobError("unknown", "no", "No.")
    assert ("Try again", "about $1.40") in buttons(shown(state="failed", error=error))
    assert ("Try again", "") in buttons(shown(state="failed", error=error, sandbox=True))


def test_an_unconfirmed_job_rests_and_cannot_be_repeated_by_one_click() -> None:
    resting = shown(state="unconfirmed", billing="unknown")
    assert not resting.live
    assert resting.trouble is not None
    assert "not sent again" in resting.trouble.what
    assert "may have been billed" in resting.trouble.what
    find, again, delete = resting.acts
    assert (find.label, find.asks) == ("I have its id", "Acme's id of this job")
    assert "before you order the same once more" in again.sure
    assert "may still be running" in delete.sure


def test_an_unconfirmed_job_cannot_be_found_any_more_after_a_day() -> None:
    old = shown(state="unconfirmed", billing="unknown", ended_at=NOW - 86_401)
    assert [label for label, _ in buttons(old)] == ["Try again", "Delete"]


@pytest.mark.parametrize("billing", ["not_billed", "billed", "unknown"])
def test_trying_again_warns_where_the_first_one_may_have_been_billed_unknown_to_us(billing: str) -> None:
    failed = shown(state="failed", billing=billing, error=JobError("timeout", "", "It took too long."))
    assert bool(failed.acts[0].sure) == (billing == "unknown")


def test_trying_again_warns_plainly_where_the_video_exists_already() -> None:
    made = {"state": "failed", "found": (OutputFile("https://acme.test/1.mp4"),), "operation": OPERATION}
    error = JobError("storage", "", "The result could not be fetched.")
    for billing in ("billed", "unknown"):
        again = shown(**made, error=error, billing=billing).acts[0]
        assert (again.label, again.money) == ("Try again", "about $1.40")
        assert again.sure == (
            "Acme has made this video, and it is still there: ask for it with the id op-1. "
            "Trying again makes another one and costs about $1.40 once more."
        )
    assert not shown(**made, error=error, billing="not_billed").acts[0].sure
    unknown = replace(job().estimate, low=None, high=None, text="price unknown")
    assert "is paid for again" in shown(**made, error=error, billing="billed", estimate=unknown).acts[0].sure


def test_what_is_doubtful_about_a_finished_video_stands_on_its_card() -> None:
    doubtful = replace(FILM, note="The file may be incomplete: it announces 5 bytes, and 4 are there.")
    done = shown(state="succeeded", outputs=(doubtful,), billing="billed")
    assert (done.words, done.trouble) == (doubtful.note, None)
    assert shown(state="succeeded", outputs=(FILM,), billing="billed").words == ""


def test_all_that_a_job_made_can_be_kept_from_its_card() -> None:
    second = replace(FILM, name="video-2.mp4")
    sound = Output("audio", "audio-3.mp3", "", None, None, 2.0, "mp3", 9, "It holds sound but no picture.")
    done = shown(state="succeeded", outputs=(FILM, second, sound), billing="billed")
    assert [(each.label, each.url) for each in done.extras] == [
        ("Video 2", "/media/j1/video-2.mp4"),
        ("Sound 3", "/media/j1/audio-3.mp3"),
    ]
    alone = shown(state="succeeded", outputs=(sound,), billing="billed")
    assert (alone.video, alone.trouble, alone.words) == (None, None, "It holds sound but no picture.")
    assert [each.url for each in alone.extras] == ["/media/j1/audio-3.mp3"]


ENDS: list[tuple[str, Billing, bool]] = [
    (state, billing, sandbox)
    for state in ("failed", "unconfirmed")
    for billing in get_args(Billing)
    for sandbox in (False, True)
]


@pytest.mark.parametrize(("state", "billing", "sandbox"), ENDS)
def test_page_and_api_say_the_same_sentence_and_the_money_once(
    state: str, billing: Billing, sandbox: bool
) -> None:
    facts = {"state": state, "billing": "not_billed" if sandbox else billing, "sandbox": sandbox}
    errors = [
        failed(job(sandbox=sandbox), make_error(kind, "Acme", told), billing)
        for kind in get_args(ErrorKind)
        for told in ("", "You have not been charged", 'We "billed" you $3')
    ]
    if state == "unconfirmed":
        said = "502, you have not been charged"
        errors = [unconfirmed("Acme", "it answered 502", said, sandbox=sandbox, price="about $1.40")]
    for error in errors:
        trouble = shown(**facts, error=error).trouble
        answer = job_answer(job(**facts, error=error)).error
        assert trouble is not None
        assert answer is not None
        assert trouble.what == answer.sentence == answer.message == error.sentence
        assert (trouble.money, trouble.own_words) == ("", "")
        assert ours(error.sentence).count("billed") == 1


def test_a_prompt_inside_rows_stands_for_the_job() -> None:
    assert shown(values={"shots": [{"prompt": "A harbour"}, {"prompt": "Gulls"}]}).prompt == "A harbour"
    assert shown(values={"scale": 2}).prompt == ""


def test_polls_are_frequent_at_first_and_rarer_later_and_end_with_the_last_live_job() -> None:
    young, old, ancient = (job(created_at=NOW - age) for age in (5, 600, 3600))
    assert [watched([each], NOW).every for each in (young, old, ancient)] == [1, 5, 10]
    assert watched([ancient, young], NOW).every == 1
    assert not watched([job(state="succeeded")], NOW).live


def test_a_job_that_ended_unseen_is_asked_for_once_more() -> None:
    watch = watched([job(state="succeeded")], NOW, unseen=["j1"])
    assert (watch.ids, watch.live) == ("j1", True)


def test_the_heading_counts_what_runs_and_what_waits() -> None:
    jobs = [
        job(id="a"),
        job(id="b", state="processing"),
        job(id="c", state="saving"),
        job(id="d", state="failed"),
    ]
    watch = watched(jobs, NOW)
    assert (watch.title, watch.counts, watch.ids) == ("In progress", "2 running · 1 queued", "a b c")
    assert watched([], NOW).title == "Just finished"


@pytest.mark.parametrize(
    ("day", "title"),
    [
        (date(2026, 11, 22), "Today"),
        (date(2026, 11, 21), "Yesterday"),
        (date(2026, 11, 16), "Monday 16 November"),
        (date(2025, 12, 31), "31 December 2025"),
    ],
)
def test_days_are_named_as_people_name_them(day: date, title: str) -> None:
    assert day_title(day, date(2026, 11, 22)) == title


def test_cards_are_grouped_by_day_in_their_order() -> None:
    noon = datetime(2026, 11, 22, 12).timestamp()
    jobs = [job(id=name, created_at=noon - hours * 3600) for name, hours in (("a", 0), ("b", 1), ("c", 24))]
    grouped = days([(each, card(each, PROVIDER, noon, "n")) for each in jobs], date(2026, 11, 22))
    assert [(day.title, [each.id for each in day.cards]) for day in grouped] == [
        ("Today", ["a", "b"]),
        ("Yesterday", ["c"]),
    ]


def test_the_record_names_the_sandbox_and_leaves_out_what_is_not_known() -> None:
    record = dict(detail(job(sandbox=True), PROVIDER).record)
    assert record["Provider"] == "Acme (sandbox)"
    assert "Ended" not in record


@pytest.mark.parametrize("sandbox", [True, False])
def test_an_unconfirmed_job_says_the_sentence_that_its_worker_would_have_written(sandbox: bool) -> None:
    price = "" if sandbox else "about $1.40"
    known = unconfirmed("Acme", "no answer came back", sandbox=sandbox, price=price)
    bare = shown(state="unconfirmed", billing="unknown", sandbox=sandbox).trouble
    written = shown(state="unconfirmed", billing="unknown", sandbox=sandbox, error=known).trouble
    assert bare is not None
    assert written is not None
    assert (bare.title, bare.what, bare.money) == (written.title, written.what, written.money)
