"""The sentence of a job that ended badly, at every stage: one word on money, and no advice to pay without its price."""

import re
from itertools import product
from typing import get_args

import pytest
from msgspec.structs import replace

from providers.client.media import not_handed_over
from providers.outcomes import Billing, ErrorKind, OutputFile, make_error, ours
from tasks.jobs.failures import failed, price_again, told_later, unconfirmed, undelivered
from tasks.jobs.model import Amounts, Job, JobError
from tests.providers.descriptions import REPLICATE
from tests.tasks.world import new_job

UNKNOWN = Amounts(None, None, "USD", "price unknown")
FREE = Amounts("0.00", "0.00", "USD", "about $0.00")
RANGE = Amounts("0.40", "0.80", "USD", "$0.40–0.80")
CHARGED = "You were charged $3, and then refunded."


def sentences(job: Job) -> list[tuple[str, JobError]]:
    """What each stage may say of it: before it was sent, on its way, refused, at the provider, and when it was made."""
    price = price_again(job.estimate, job.sandbox)
    handing = [(not_handed_over(REPLICATE, CHARGED, retryable=each).sentence, each) for each in (True, False)]
    found = [("handing over", undelivered(job, sentence, retryable=each)) for sentence, each in handing]
    found += [("on its way", _unclear(job, said, price)) for said in ("", CHARGED)]
    for kind, billing, words in product(get_args(ErrorKind), get_args(Billing), ("", "no", CHARGED)):
        found.append(("at the provider", failed(job, make_error(kind, "Acme", words), billing)))
    return found


def _unclear(job: Job, said: str, price: str) -> JobError:
    return unconfirmed("Acme", "it answered 502", said, sandbox=job.sandbox, price=price)


@pytest.mark.parametrize("estimate", [Amounts("1.40", "1.40", "USD", "about $1.40"), RANGE, UNKNOWN, FREE])
@pytest.mark.parametrize("sandbox", [False, True])
def test_at_every_stage_money_is_spoken_of_once_and_another_order_has_its_price(
    estimate: Amounts, sandbox: bool
) -> None:
    job = new_job(1.0, estimate=estimate, sandbox=sandbox)
    is_free = estimate in (UNKNOWN, FREE) or sandbox
    for stage, error in sentences(job):
        said = ours(error.sentence)
        assert len(re.findall(r"billed|charged|refunded", said)) == 1, (stage, error.sentence)
        assert not re.search(r"[.!?][.!?]|  | \.|\"\.", error.sentence), error.sentence
        advised = "run it again" in said.lower()
        assert (f"Running it again costs {estimate.text}" in said) == (advised and not is_free), (
            error.sentence
        )
        if sandbox:
            assert "may have been billed" not in said


def test_words_of_the_provider_do_not_contradict_an_order_that_got_no_clear_answer() -> None:
    error = unconfirmed(
        "Acme", "it answered 502", "You have not been charged", sandbox=False, price="about $1.40"
    )
    assert error.sentence == (
        'Acme was asked, but did not clearly answer (it answered 502: Acme says: "You have not been charged."). '
        "It may have been billed and was not sent again: look in your account at Acme before you run it again. "
        "Running it again costs about $1.40 again."
    )


def test_a_file_that_is_refused_for_good_is_not_to_be_handed_over_again_as_it_is() -> None:
    for retryable in (True, False):
        told = not_handed_over(REPLICATE, "invalid param", retryable=retryable)
        assert ("run it again" in told.sentence) == retryable
        assert told.retryable == retryable


def test_the_price_of_another_order_is_the_estimate_where_there_is_one() -> None:
    assert price_again(RANGE, sandbox=False) == "$0.40–0.80"
    assert price_again(Amounts("0.40", None, "USD", "at least $0.40"), sandbox=False) == "at least $0.40"
    assert (price_again(RANGE, sandbox=True), price_again(UNKNOWN, False), price_again(FREE, False)) == (
        "",
        "",
        "",
    )


def test_what_is_learnt_later_keeps_the_input_to_blame_and_the_cause() -> None:
    known = JobError("storage", "the file is larger than 5 MB", "old", "image", False, "too_large")
    job = new_job(1.0, state="failed", error=known, found=(OutputFile("https://acme.test/1.mp4"),))
    later = told_later(job, None, "not_billed", "Acme")
    assert later is not None
    assert (later.kind, later.field, later.cause) == ("storage", "image", "too_large")
    assert "The result is larger than this server keeps" in later.sentence
    assert "It was not billed." in later.sentence
    assert told_later(replace(job, error=None), None, "billed", "Acme") is None
