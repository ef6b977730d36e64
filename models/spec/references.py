"""Every name and option that a spec mentions must exist; a typo is named with what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from models.spec.conditions import Condition
from models.spec.expressions import Expression, references
from models.spec.fields import Field, Form, GroupField, MediaField, RowsField, Rule, SelectField
from models.spec.schema import Problem, Spec
from models.spec.suggest import did_you_mean
from models.spec.values import FACTS, JSON, MODE_LABELS, same

# Names of the form's own controls, which a field cannot have; its wire may still be called so.
RESERVED = ("mode", "model", "nonce", "shown_estimate")


def check_references(spec: Spec) -> list[Problem]:
    """All names that are wrong; the modes first, for `spec.form` needs them."""
    modes = list(_mode_problems(spec))
    if modes:
        return modes
    return [*_form_problems(spec, spec.form, "", {}), *_price_problems(spec), *_derive_problems(spec)]


def _mode_problems(spec: Spec) -> Iterator[Problem]:
    if not spec.modes:
        yield Problem(spec.file, "capabilities", "modes", "is empty; expected at least one mode, such as t2v")
    for mode in spec.modes:
        if mode not in MODE_LABELS:
            yield Problem(
                spec.file, "capabilities", "modes", f"{mode} is not a mode{did_you_mean(mode, MODE_LABELS)}"
            )
    if isinstance(spec.endpoint, dict):
        for mode in spec.modes:
            if mode not in spec.endpoint:
                yield Problem(spec.file, "endpoint", mode, "is missing; expected the endpoint of this mode")
        for mode in spec.endpoint:
            if mode not in spec.modes:
                yield Problem(
                    spec.file,
                    "endpoint",
                    mode,
                    f"is not a mode of this model{did_you_mean(mode, spec.modes)}",
                )


def _form_problems(spec: Spec, form: Form, place: str, outer: dict[str, Field]) -> Iterator[Problem]:
    """The problems of a form's fields and rules; `outer` are the fields of the forms around it."""
    names = _Names(spec.file, {**outer, **form.by_name})
    fields = form.fields[1:] if not outer and not place else form.fields
    seen: set[str] = set()
    for index, field in enumerate(fields):
        here = f"{place}fields[{index}]"
        yield from names.name(field.name, here, seen)
        yield from names.field(field, here)
        if isinstance(field, RowsField | GroupField):
            yield from _form_problems(spec, field.form, here + ".", names.fields)
    for index, rule in enumerate(form.rules):
        yield from names.rule(rule, f"{place}rules[{index}]")


def _price_problems(spec: Spec) -> Iterator[Problem]:
    names = _Names(spec.file, spec.form.by_name)
    price = spec.price
    yield from names.expression(price.units, "price", "units")
    conditions = {
        "rates": [rate.when for rate in price.rates],
        "add": [surcharge.when for surcharge in price.add],
        "times": [factor.when for factor in price.times],
    }
    for key, whens in conditions.items():
        for index, when in enumerate(whens):
            yield from names.condition(when, f"price.{key}[{index}]", "when")
    for index, surcharge in enumerate(price.add):
        yield from names.expression(surcharge.units, f"price.add[{index}]", "units")
    if price.per == "second" and price.units is None and "duration" not in spec.form.by_name:
        yield Problem(
            spec.file,
            "price",
            "units",
            'is missing: per = "second" counts the field duration, which is not here',
        )
    if price.per not in ("second", "clip") and price.units is None:
        yield Problem(
            spec.file, "price", "units", f"is missing; expected how many of a {price.per} a job takes"
        )


def _derive_problems(spec: Spec) -> Iterator[Problem]:
    names = _Names(spec.file, spec.form.by_name)
    for index, derive in enumerate(spec.derive):
        here = f"derive[{index}]"
        yield from names.condition(derive.when, here, "when")
        yield from names.known(derive.source, here, "from")
        for number, row in enumerate(derive.table):
            if len(row) != len(derive.source) + 1:
                sentence = f"has {len(row)} values; expected one for each of from, then the one to send"
                yield Problem(spec.file, here, f"table[{number}]", sentence)
                continue
            for name, value in zip(derive.source, row, strict=False):
                yield from names.option(name, value, here, f"table[{number}]")


class _Names:
    """Looks names up among the fields that a condition or rule can see."""

    def __init__(self, file: str, fields: dict[str, Field]) -> None:
        self.file = file
        self.fields = fields

    def name(self, name: str, place: str, seen: set[str]) -> Iterator[Problem]:
        if name in seen:
            yield Problem(self.file, place, "name", f"{name} is here twice; expected another name")
        if name in RESERVED:
            yield Problem(
                self.file, place, "name", f"{name} is taken by the form itself: choose another, and say wire"
            )
        if not name.isidentifier() or name.startswith("_"):
            yield Problem(self.file, place, "name", f"{name!r} is not a plain name of letters, digits and _")
        seen.add(name)

    def field(self, field: Field, place: str) -> Iterator[Problem]:
        yield from self.condition(field.show_if, place, "show_if")
        if not isinstance(field, SelectField):
            return
        for index, option in enumerate(field.options):
            yield from self.condition(option.when, f"{place}.options[{index}]", "when")
            if any(same(option.value, other.value) for other in field.options[:index]):
                yield Problem(self.file, place, f"options[{index}]", f"{option.value!r} is here twice")
        if not field.options:
            yield Problem(self.file, place, "options", "is empty; expected at least one option")
        yield from self.option(field.name, field.default, place, "default")

    def rule(self, rule: Rule, place: str) -> Iterator[Problem]:
        yield from self.condition(rule.when, place, "when")
        forbid: Iterable[str] = rule.forbid
        for key, named in (
            ("require", rule.require), ("only", rule.only), ("forbid", forbid), ("default", rule.default),
            ("limit", rule.limit), ("drop", rule.drop), ("exactly_one_of", rule.exactly_one_of),
        ):  # fmt: skip
            yield from self.known(named, place, key)
        yield from self.expression(rule.total, place, "total")
        yield from self.expression(rule.equals, place, "equals")
        for name, values in rule.only.items():
            for value in values:
                yield from self.option(name, value, place, "only")
        for name, value in rule.default.items():
            yield from self.option(name, value, place, "default")
        if isinstance(rule.forbid, dict):
            for name, value in rule.forbid.items():
                for each in value if isinstance(value, list) else [value]:
                    yield from self.option(name, each, place, "forbid")
        if rule.total and rule.equals is None and rule.min is None and rule.max is None:
            yield Problem(self.file, place, "total", "says nothing alone: add equals, min or max")

    def condition(self, condition: Condition | None, place: str, key: str) -> Iterator[Problem]:
        for test in (test for tests in (condition.any_of if condition else ()) for test in tests):
            head = test.field.partition(".")[0]
            yield from self.known([head], place, key)
            for value in (*(test.one_of or ()), *test.none_of):
                yield from self.option(test.field, value, place, key)

    def expression(self, expression: Expression | None, place: str, key: str) -> Iterator[Problem]:
        for name, part in references(expression.tree) if expression else ():
            yield from self.known([name], place, key)
            field = self.fields.get(name)
            if not part or field is None:
                continue
            members = _parts(field)
            if part not in members:
                yield Problem(self.file, place, key, f"{name} has no {part}{did_you_mean(part, members)}")

    def known(self, names: Iterable[str], place: str, key: str) -> Iterator[Problem]:
        for name in names:
            if name not in self.fields:
                sentence = f"{name} is not a field here{did_you_mean(name, self.fields)}"
                yield Problem(self.file, place, key, sentence)

    def option(self, name: str, value: JSON, place: str, key: str) -> Iterator[Problem]:
        """A value that a closed select does not offer can never be."""
        field = self.fields.get(name)
        if not isinstance(field, SelectField) or field.open or value is None:
            return
        if not any(same(value, option.value) for option in field.options):
            near = did_you_mean(str(value), [str(option.value) for option in field.options])
            yield Problem(self.file, place, key, f"{value!r} is not an option of {name}{near}")


def _parts(field: Field) -> Sequence[str]:
    if isinstance(field, RowsField | GroupField):
        return [member.name for member in field.fields]
    return FACTS if isinstance(field, MediaField) else ()
