"""An answer goes to its place in the draft, in a form that a person would type; the draft keeps how it was written."""

import tomllib
from datetime import date
from typing import Any

import pytest

from models.importing.questions import AnswerError, Question, answered, missing
from web.cli.sources import ask_missing

TODAY = date(2026, 11, 23)
ANSWERS = {
    "display_name": "Nova 1",
    "family": '"Nova"',
    "provider": 'provider = "replicate"',
    "endpoint": "acme/nova",
    "source": "the page, read by me",
    "checked": "today",
    "modes": "t2v, i2v",
    "fields.prompt": '{ name = "prompt", type = "textarea", required = true },',
    "fields": '{ name = "duration", type = "select" },\n{ name = "seed", type = "seed" }',
    "constraints": "max_duration_sec = 10",
    "price": "$0.05 a second",
    "price.source": "acme.example/pricing",
    "price.checked": "2026-11-20",
    "fields[1].options": "options = [5, 10]",
    "examples.inputs": '{ mode = "t2v", prompt = "a", duration = 5 }',
    "examples.body": "",
}


def answer_all(draft: str, answers: dict[str, str]) -> tuple[str, list[str]]:
    """The draft when nobody answers any more, and what was asked."""
    open_select = 'fields = [{ name = "a", type = "text" }, { name = "duration", type = "select" }]'
    fields = {each.question: each.field for each in (*missing(""), *missing(open_select))}
    asked: list[str] = []
    told: list[str] = []

    def ask(_: str) -> str:
        field = next(fields[line.strip()] for line in reversed(told) if line.strip() in fields)
        asked.append(field)
        return answers[field]

    return ask_missing(draft, ask, told.append, TODAY), asked


def test_an_empty_draft_is_a_whole_one_when_everything_is_answered() -> None:
    draft, asked = answer_all("", ANSWERS)
    assert missing(draft) == []
    assert set(asked) == set(ANSWERS) - {"constraints"}  # a duration was among the fields
    table = tomllib.loads(draft)
    assert table["checked"] == TODAY
    assert table["capabilities"] == {"modes": ["t2v", "i2v"]}
    assert [field["name"] for field in table["fields"]] == ["prompt", "duration", "seed"]
    assert table["price"]["rates"] == [{"usd": "0.05"}]
    assert table["price"]["per"] == "second"
    assert table["examples"] == [
        {"inputs": {"mode": "t2v", "prompt": "a", "duration": 5}, "body": {"prompt": "a", "duration": 5}}
    ]


def test_nobody_at_the_terminal_leaves_the_draft_as_it_is() -> None:
    assert answer_all('family = "Nova"\n', dict.fromkeys(ANSWERS, ""))[0] == 'family = "Nova"\n'


def put(draft: str, field: str, answer: str, example: str = 'x = "y"') -> dict[str, Any]:
    return tomllib.loads(answered(draft, Question(field, "?", example, ""), answer, TODAY))


def test_comments_and_layout_of_the_draft_stay() -> None:
    draft = '# mine\nfields = [\n  { name = "a", type = "text" }, # a note\n]\n\n[price] # later\n'
    found = answered(draft, Question("fields", "?", "", ""), '{ name = "b", type = "seed" }', TODAY)
    assert all(part in found for part in ("# mine", "# a note", "# later"))
    assert [field["name"] for field in tomllib.loads(found)["fields"]] == ["a", "b"]


def test_fields_are_also_added_where_each_has_a_table_of_its_own() -> None:
    found = put('[[fields]]\nname = "a"\ntype = "text"\n', "fields", '{ name = "b", type = "seed" }')
    assert [field["name"] for field in found["fields"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("answer", "price"),
    [
        ("0.40", {"per": "clip", "rates": [{"usd": "0.40"}]}),
        ("$0.05 per second", {"per": "second", "rates": [{"usd": "0.05"}]}),
        ("unknown", {"rates": [{"unknown": True}]}),
        ('per = "second"\nrates = [{ usd = "1" }]', {"per": "second", "rates": [{"usd": "1"}]}),
    ],
)
def test_a_price_is_answered_in_words_or_as_toml(answer: str, price: dict[str, Any]) -> None:
    assert put("", "price", answer)["price"] == price


@pytest.mark.parametrize(
    ("field", "answer", "example"),
    [
        ("fields", "just a prompt", "{ … }"),
        ("constraints", "ten seconds", "max_duration_sec = 10"),
        ("fields[0].options", "five or ten", "options = [5, 10]"),
        ("examples.inputs", "a boat", "inputs = { prompt = 'a' }"),
        ("checked", "last week", "checked = 2026-11-22"),
    ],
)
def test_an_answer_that_is_not_understood_says_what_would_be(field: str, answer: str, example: str) -> None:
    draft = 'fields = [{ name = "a", type = "select" }]\n'
    with pytest.raises(AnswerError, match="xpected"):
        answered(draft, Question(field, "?", example, ""), answer, TODAY)


def test_a_part_of_the_second_example_goes_there() -> None:
    draft = "[[examples]]\ninputs = { prompt = 'a' }\nbody = {}\n\n[[examples]]\ninputs = { prompt = 'b' }\n"
    question = Question("examples.body", "?", "body = { }", "[[examples]], number 2")
    assert tomllib.loads(answered(draft, question, "{ prompt = 'b' }", TODAY))["examples"][1]["body"] == {
        "prompt": "b"
    }


def test_ctrl_c_ends_the_questions_and_keeps_the_answers() -> None:
    answers = iter(["Nova 1"])

    def ask(_: str) -> str:
        for answer in answers:
            return answer
        raise KeyboardInterrupt

    assert tomllib.loads(ask_missing("", ask, lambda _: None, TODAY)) == {"display_name": "Nova 1"}


def test_modes_and_kinds_that_are_no_text_are_asked_for_again() -> None:
    draft = 'endpoint = { t2v = 5 }\nfields = [1, { name = 5, type = ["x"] }]\ncapabilities = { modes = [["a"], 5] }'
    assert {"modes", "fields[0].type"} <= {question.field for question in missing(draft)}
