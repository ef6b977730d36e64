"""Sentences about several fields → the rules they seem to mean."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.importing.form_inputs import Table
from models.importing.mentions import Mentions

_IGNORED = re.compile(
    r"\b(?:ignored|not used|has no effect|disregarded)\b.*?\b(?:if|when|once|with|for)\b(?P<rest>.*)", re.I
)
_ONLY_USED = re.compile(
    r"\bonly (?:used|applicable|active|takes effect|relevant|applies|effective)\b.*?"
    r"\b(?:if|when|with|for)\b(?P<rest>.*)",
    re.I,
)
_NEEDS = re.compile(
    r"(?:only works|only valid|works only|must be used(?: together)?|"
    r"(?<!not )\brequires?\b(?! (?:a |an )?(?:minimum|at least)))"
    r"(?: if| when| with| together with| that)?\b(?P<rest>[^.;]*)",
    re.I,
)
_AGAINST = re.compile(
    r"(?:cannot|can't|can not|must not|may not) be (?:used|combined|set|mixed)(?: together)? with(?P<rest>.*)|"
    r"mutually exclusive with(?P<rest2>.*)|not (?:supported|compatible|available) (?:with|together with)(?P<rest3>.*)",
    re.I,
)
_EITHER = re.compile(
    r"\b(?:either|exactly one of|one of)\b(?P<rest>.*?)\b(?:must|should|has to|is required|need)", re.I
)
_REQUIRED = re.compile(r"\brequired (?P<how>unless|if|when)(?P<rest>.*)", re.I)
_TOTAL = re.compile(r"max(?:imum)? (?P<max>\d+) total \((?P<parts>[^)]*\+[^)]*)\)(?P<rest>.*)", re.I)
_SUM = re.compile(
    r"total (?P<what>\w+) of all .*?(?:not exceed|at most|up to|max(?:imum)?) (?P<max>\d+)", re.I
)
_SECONDS = re.compile(
    r"(?:total|combined) (?:duration|length)\D{0,40}?(?P<max>\d+(?:\.\d+)?) ?(?:s\b|sec)", re.I
)
_LENGTH = re.compile(r"len(?:gth)?\((?P<name>\w+)\) ?- ?(?P<less>\d+)")


def rules_in(mentions: Mentions, sentence: str) -> Iterator[Table]:
    """Rules over the field and others; none where no other field is named."""
    for reader in (_ignored, _only_used, _needs, _against, _either, _required, _totals, _coupled):
        rules = list(reader(mentions, sentence))
        if rules:
            yield from rules
            return


def _ignored(mentions: Mentions, sentence: str) -> Iterator[Table]:
    found = _IGNORED.search(sentence)
    if found and not re.search(r"\bonly\b", sentence, re.I):
        for other in mentions.others(found["rest"]):
            for condition in _conditions(mentions, other, found["rest"]):
                yield {"when": condition, "drop": [mentions.name]}


def _only_used(mentions: Mentions, sentence: str) -> Iterator[Table]:
    """Turned round: not sent while the other is otherwise."""
    found = _ONLY_USED.search(sentence)
    others = mentions.others(found["rest"]) if found else []
    if not found or len(others) != 1:
        return
    (condition,) = list(_conditions(mentions, others[0], found["rest"])) or [{}]
    for name, test in condition.items():
        yield {"when": {name: _turned(test)}, "drop": [mentions.name]}


def _turned(test: object) -> object:
    if isinstance(test, bool):
        return not test
    return {"set": not test["set"]} if isinstance(test, dict) else {"not": test}


def _conditions(mentions: Mentions, name: str, text: str) -> Iterator[Table]:
    """ "X is provided", "X is False", "X is 'video'"."""
    if mentions.is_switch(name):
        yield {name: not re.search(r"\b(false|off|disabled|not set)\b", text, re.I)}
        return
    values = mentions.options_in(name, text) if mentions.options(name) else []
    if values:
        yield {name: values[0] if len(values) == 1 else values}
    else:
        yield {name: {"set": not re.search(r"\bnot (provided|given|set|used)|\bno\b|without", text, re.I)}}


def _needs(mentions: Mentions, sentence: str) -> Iterator[Table]:
    found = _NEEDS.search(sentence)
    others = mentions.others(found["rest"]) if found else []
    if len(others) == 1 and not mentions.is_switch(others[0]) and not mentions.options(others[0]):
        yield {"when": mentions.given(mentions.name), "require": others}


def _against(mentions: Mentions, sentence: str) -> Iterator[Table]:
    """This field, or the one value of it that the sentence begins with, against others."""
    found = _AGAINST.search(sentence)
    if not found:
        return
    rest = found["rest"] or found["rest2"] or found["rest3"] or ""
    told = mentions.options_in(mentions.name, sentence[: found.start()])
    when = {mentions.name: told[0]} if len(told) == 1 else mentions.given(mentions.name)
    others = mentions.others(rest)
    given = [name for name in others if not mentions.is_switch(name) and not mentions.options(name)]
    values: Table = {name: True for name in others if mentions.is_switch(name)}
    for other in mentions.selects():
        if (named := mentions.options_in(other, rest)) and mentions.is_meant(other, rest):
            values[other] = named
    if given:
        yield {"when": when, "forbid": given}
    if values:
        yield {"when": when, "forbid": values}


def _either(mentions: Mentions, sentence: str) -> Iterator[Table]:
    found = _EITHER.search(sentence)
    if not found:
        return
    names = mentions.all(found["rest"])
    if len(names) == 2 and not any(mentions.options(name) or mentions.is_switch(name) for name in names):
        if re.search(r"not both|exactly one|only one|exclusive", sentence, re.I):
            yield {"exactly_one_of": names}
        else:
            yield {"when": {names[0]: {"set": False}}, "require": [names[1]]}


def _required(mentions: Mentions, sentence: str) -> Iterator[Table]:
    found = _REQUIRED.search(sentence)
    others = mentions.others(found["rest"]) if found else []
    if not found or len(others) != 1 or mentions.options(others[0]) or " or " in found["rest"]:
        return
    given = found["how"].lower() != "unless"
    if re.search(r"\bnot (provided|given|set|using|used)|without|\bno\b", found["rest"], re.I):
        given = not given
    yield {"when": (mentions.given if given else mentions.not_given)(others[0]), "require": [mentions.name]}


def _totals(mentions: Mentions, sentence: str) -> Iterator[Table]:
    if found := _TOTAL.search(sentence):
        parts = [mentions.all(part) for part in found["parts"].split("+")]
        names = list(dict.fromkeys(part[0] for part in parts if part))
        if not all(parts):
            return
        rule: Table = {"total": " + ".join(f"count({name})" for name in names), "max": int(found["max"])}
        condition = [other for other in mentions.others(found["rest"]) if mentions.is_file(other)]
        yield {"when": {condition[0]: {"set": True}}, **rule} if condition else rule
    elif (found := _SECONDS.search(sentence)) and mentions.field["type"] in ("videos", "audios"):
        most = float(found["max"])
        yield {"total": f"sum({mentions.name}.seconds)", "max": int(most) if most.is_integer() else most}
    elif found := _SUM.search(sentence):
        members = [member["name"] for member in mentions.field.get("fields", [])]
        if found["what"] in members:
            yield {"total": f"sum({mentions.name}.{found['what']})", "max": int(found["max"])}
    elif (
        (found := _LENGTH.search(sentence))
        and found["name"] in mentions.fields
        and "fields" in mentions.field
    ):
        when = {mentions.name: {"set": True}}
        equals = f"count({found['name']}) - {found['less']}"
        yield {"when": when, "total": f"count({mentions.name})", "equals": equals}


_ALLOWED = re.compile(
    r"only (?:available|supported|possible|valid|works? with)|(?:is|are) limited to|supports? only|only supports?|"
    r"must be",
    re.I,
)
_REFUSED = re.compile(r"not (?:available|supported|possible|valid)", re.I)
_WHEN = re.compile(r"\b(?:for|with|at|in|when using|when|on)\b", re.I)


def _coupled(mentions: Mentions, sentence: str) -> Iterator[Table]:
    """Values of this select against values of another: "10 s is only available for 768p"."""
    own = mentions.options(mentions.name)
    refused, allowed = _REFUSED.search(sentence), _ALLOWED.search(sentence)
    word = refused or allowed
    if word and not own:
        yield from _bound_to(mentions, sentence[word.end() :], refused is not None)
    if not own or not word:
        return
    for other in mentions.selects():
        before, after = sentence[: word.start()], sentence[word.end() :]
        theirs_before, theirs_after = mentions.options_in(other, before), mentions.options_in(other, after)
        ours_before, ours_after = (
            mentions.options_in(mentions.name, before),
            mentions.options_in(mentions.name, after),
        )
        if ours_before and theirs_after and not theirs_before:
            blocked = (
                theirs_after
                if refused
                else [each for each in mentions.options(other) if each not in theirs_after]
            )
            left = [each for each in own if each not in ours_before]
        elif theirs_before and ours_after and not ours_before:
            blocked = theirs_before
            left = [each for each in own if (each in ours_after) != bool(refused)]
        elif not theirs_before and theirs_after and ours_after and _WHEN.search(after):
            blocked, left = theirs_after, [each for each in own if (each in ours_after) != bool(refused)]
        else:
            continue
        if blocked and left and len(left) < len(own):
            yield {
                "when": {other: blocked[0] if len(blocked) == 1 else blocked},
                "only": {mentions.name: left},
            }
            return


def _bound_to(mentions: Mentions, after: str, refused: bool) -> Iterator[Table]:
    """A field that goes only, or never, with some options of selects: "only work with 16:9 and 8 seconds"."""
    for other in mentions.selects():
        values = mentions.options_in(other, after) if mentions.is_meant(other, after) else []
        if values and len(values) < len(mentions.options(other)):
            yield {"when": mentions.given(mentions.name), "forbid" if refused else "only": {other: values}}
