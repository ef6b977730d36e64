"""Every sentence about a failure, over all classes, causes, bills and stages: one word on money, and honest advice."""

import re
from itertools import product
from typing import get_args

import pytest

from providers.outcomes import (
    CAUSES,
    CLASSES,
    MONEY,
    About,
    Billing,
    Cause,
    ErrorKind,
    ProviderError,
    make_error,
    ours,
    quoted,
)

BILLINGS: tuple[Billing, ...] = get_args(Billing)
KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)
REASONS: tuple[Cause | None, ...] = (None, *get_args(Cause))
PAID = re.compile(r"\b(not billed|was billed|been billed|nothing was billed|charged|refunded)\b")
ADVICE = re.compile(r"(?i)\brun it again\b|\border(ed)? (it )?again\b|\btry again\b")
TOLD = (
    "",
    "no luck",
    "We had a problem with the audio, so no video was made. You have not been charged for this attempt.",
    "Your credits were refunded!",
    'It was "billed" twice. Please try again',
    "任务失败，费用已退还",
    "{company} {id}",
)
ORDERS = (About(), About(id="op-1"), About("about $0.28"), About("$0.40–0.80", "op-1"))


def every_sentence() -> list[tuple[ProviderError, About, Cause | None]]:
    table = product(KINDS, REASONS, BILLINGS, TOLD, ORDERS)
    return [
        (
            make_error(kind, "Acme", told, billing=billing, field="image", cause=cause, about=about),
            about,
            cause,
        )
        for kind, cause, billing, told, about in table
        if cause is None or CAUSES[cause][0] == kind
    ]


EVERY = every_sentence()


def test_every_cause_has_its_words_and_a_class_of_its_own() -> None:
    assert set(CAUSES) == set(get_args(Cause))
    assert len(EVERY) == (len(CLASSES) + len(CAUSES)) * len(MONEY) * len(TOLD) * len(ORDERS)


def test_each_says_exactly_one_thing_about_money_and_it_is_ours() -> None:
    for error, _, _ in EVERY:
        said = PAID.findall(ours(error.sentence).lower())
        assert len(said) == 1, error.sentence
        assert MONEY[error.billing] in ours(error.sentence)


def test_to_order_the_same_again_is_advised_only_where_the_same_may_succeed() -> None:
    for error, _, cause in EVERY:
        entry = CAUSES[cause][1] if cause else CLASSES[error.kind]
        advised = bool(ADVICE.search(ours(error.sentence).replace(error.message, "")))
        assert advised == (entry.again != "never"), error.sentence
        assert error.retryable == (entry.again == "same")
        if advised and not error.retryable:
            changes = ("Change", "Top it up", "Check the key")
            assert any(change in error.sentence for change in changes), "first it says what to change"


@pytest.mark.parametrize("cause", get_args(Cause))
def test_a_result_that_exists_is_not_to_be_paid_for_twice(cause: Cause) -> None:
    error = make_error(
        "storage", "Acme", "why", billing="billed", cause=cause, about=About("about $0.28", "op-1")
    )
    if cause == "late":
        assert "keeps a video that comes late" in error.sentence
    else:
        assert "The result stays at Acme: " in error.sentence
        assert "ask for it with the id op-1." in error.sentence
    if cause == "disk_full":
        assert (
            "If it is gone there, run it again. Running it again costs about $0.28 again." in error.sentence
        )
    else:
        assert not ADVICE.search(error.sentence)
        assert "$0.28" not in error.sentence


def test_where_it_advises_to_pay_again_it_names_the_price_if_one_is_known() -> None:
    for error, about, _ in EVERY:
        text = ours(error.sentence).replace(error.message, "")
        price = f"Running it again costs {about.price}"
        assert (price in text) == bool(about.price and ADVICE.search(text)), error.sentence
        if about.price and ADVICE.search(text):
            assert text.endswith(f"{price}." if error.billing == "not_billed" else f"{price} again.")


def test_what_the_company_says_of_money_is_quoted_as_the_companys() -> None:
    charged = make_error("moderation", "Veo", TOLD[2], billing="not_billed").sentence
    assert charged == (
        "Veo refused this under its content rules. Veo says: "
        '"We had a problem with the audio, so no video was made. You have not been charged for this attempt." '
        "It was not billed. Change the prompt or the files and run it again."
    )
    assert quoted("Acme", 'It was "billed" twice!') == "Acme says: \"It was 'billed' twice!\""


@pytest.mark.parametrize(
    "words",
    ["Invalid JSON payload received", "violates the usage guidelines", "no boats", "billboard.png is bad"],
)
def test_words_on_anything_else_stand_as_they_are(words: str) -> None:
    assert f": {words}. It was billed." in make_error("unknown", "Acme", words, billing="billed").sentence


def test_no_sentence_has_a_hole_or_two_stops() -> None:
    for error, _, _ in EVERY:
        rest = error.sentence.replace(error.message.rstrip(" ."), "")
        assert "{" not in rest, error.sentence
        assert not re.search(r"[.!?][.!?]|  | \.", error.sentence), error.sentence


def test_a_file_that_is_too_large_names_the_setting() -> None:
    assert "SHOTLIST_MAX_RESULT_MB" in make_error("storage", "Acme", "x", cause="too_large").sentence
    assert "disk" not in make_error("storage", "Acme", "x", cause="too_large").sentence
