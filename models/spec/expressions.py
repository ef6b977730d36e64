"""The one arithmetic expression: fields, numbers, `+ - * /`, min, max, ceil, round, count and sum. No eval.

A result is a range, low to high, because a fact of a file may not be known: `video.seconds` of a file given
by URL is then anything within that field's limits. Known values give a range of one number.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TypeAlias

from msgspec import Struct

from models.spec.conditions import Scope
from models.spec.suggest import did_you_mean
from models.spec.values import FACTS, JSON, as_number, is_absent, is_unchosen

INFINITE = Decimal("Infinity")


class Range(Struct, frozen=True):
    """Every number from low to high, which may be infinite."""

    low: Decimal
    high: Decimal

    @property
    def known(self) -> bool:
        return self.low == self.high


ANYTHING = Range(Decimal(0), INFINITE)

# What an unknown number of a field can be: (field, member or fact or "", or COUNT for how many there are) → range.
Bounds: TypeAlias = Callable[[str, str], Range]
COUNT = "count"


def no_bounds(_name: str, _part: str) -> Range:
    return ANYTHING


class Expression(Struct, frozen=True):
    """A parsed expression and the text it came from."""

    text: str
    tree: ast.expr

    def value(self, scope: Scope, bounds: Bounds = no_bounds) -> Range:
        """What it comes to; an absent field is 0. Raises nothing: what cannot be computed is ANYTHING."""
        try:
            return _evaluate(self.tree, scope, bounds)
        except (InvalidOperation, ArithmeticError):
            return ANYTHING

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields it names, in order."""
        found = [name for name, _part in references(self.tree)]
        return tuple(dict.fromkeys(found))


def read_expression(raw: object) -> Expression:
    """From TOML text or number. Raises ValueError with a sentence."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueError('expected an expression such as "sum(shots.duration)"')
    try:
        tree = ast.parse(str(raw), mode="eval").body
    except SyntaxError:
        raise ValueError(f"cannot read the expression {raw!r}") from None
    _refuse_others(tree)
    return Expression(str(raw), tree)


def references(tree: ast.expr) -> list[tuple[str, str]]:
    """Every field named, with the member or fact that is asked of it ("" for the value itself)."""
    match tree:
        case ast.Name(id=name):
            return [(name, "")]
        case ast.Attribute(value=ast.Name(id=name), attr=part):
            return [(name, part)]
        case ast.BinOp(left=left, right=right):
            return references(left) + references(right)
        case ast.UnaryOp(operand=operand):
            return references(operand)
        case ast.Call(args=args):
            return [found for arg in args for found in references(arg)]
        case _:
            return []


def _refuse_others(tree: ast.expr) -> None:
    match tree:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float()) | ast.Name() | ast.Attribute(value=ast.Name()):
            return None
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _refuse_others(left)
            _refuse_others(right)
            return None
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _refuse_others(operand)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if args:
            if name not in _FUNCTIONS:
                raise ValueError(f"{name} is not a function of expressions{did_you_mean(name, _FUNCTIONS)}")
            if name == "count" and not isinstance(args[0], ast.Name | ast.Attribute):
                raise ValueError("count takes the name of a field, as in count(images) or count(shots.image)")
            for arg in args:
                _refuse_others(arg)
            return None
    raise ValueError(
        f"{ast.unparse(tree)} is not allowed: fields, numbers, + - * / and {', '.join(_FUNCTIONS)}"
    )


def _evaluate(tree: ast.expr, scope: Scope, bounds: Bounds) -> Range:
    match tree:
        case ast.Constant(value=number):
            return exactly(Decimal(str(number)))
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_evaluate(left, scope, bounds), _evaluate(right, scope, bounds))
        case ast.UnaryOp(operand=operand):
            return _minus(exactly(Decimal(0)), _evaluate(operand, scope, bounds))
        case ast.Call(func=ast.Name(id="count"), args=[arg]) if name := _unchosen(arg, scope):
            return bounds(name, COUNT)
        case ast.Call(func=ast.Name(id="count"), args=[ast.Name(id=name)]):
            return exactly(Decimal(len(scope.items(name))))
        case ast.Call(func=ast.Name(id="count"), args=[ast.Attribute(value=ast.Name(id=name), attr=part)]):
            return exactly(Decimal(len(_members(scope, name, part))))
        case ast.Call(func=ast.Name(id=function), args=args):
            read = _summands if function == "sum" else _numbers
            numbers = [each for arg in args for each in read(arg, scope, bounds)]
            return _FUNCTIONS[function](numbers or [exactly(Decimal(0))])
        case _:
            found = _numbers(tree, scope, bounds)
            return found[0] if found else exactly(Decimal(0))


def _unchosen(tree: ast.expr, scope: Scope) -> str:
    """The name of a field that is still to be chosen; "" for any other part of an expression."""
    match tree:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name)) if is_unchosen(scope.items(name)):
            return name
    return ""


def _summands(tree: ast.expr, scope: Scope, bounds: Bounds) -> list[Range]:
    """The numbers to add up: of files and rows that are still to be chosen, as many as there can be."""
    numbers = _numbers(tree, scope, bounds)
    name = _unchosen(tree, scope)
    return [times(number, bounds(name, COUNT)) for number in numbers] if name else numbers


def _numbers(tree: ast.expr, scope: Scope, bounds: Bounds) -> list[Range]:
    """The numbers that an argument stands for: a column of rows or a fact of files gives several."""
    match tree:
        case ast.Attribute(value=ast.Name(id=name), attr=part):
            return [
                bounds(name, part) if number is None else exactly(number)
                for number in _column(scope, name, part)
            ]
        case ast.Name(id=name):
            numbers = [as_number(item) for item in scope.items(name)]
            return [bounds(name, "") if number is None else exactly(number) for number in numbers]
        case _:
            return [_evaluate(tree, scope, bounds)]


def _column(scope: Scope, name: str, part: str) -> list[Decimal | None]:
    items = scope.items(name)
    if part in FACTS and not any(isinstance(item, dict) for item in items):
        return [None if number is None else Decimal(str(number)) for number in scope.measures(name, part)]
    return [as_number(member) for member in _members(scope, name, part)]


def _members(scope: Scope, name: str, part: str) -> list[JSON]:
    """What is given for one member of a group, or of each row."""
    members = [item.get(part) for item in scope.items(name) if isinstance(item, dict)]
    return [member for member in members if not is_absent(member)]


def exactly(number: Decimal) -> Range:
    """A number that is known."""
    return Range(number, number)


def _plus(a: Range, b: Range) -> Range:
    return Range(a.low + b.low, a.high + b.high)


def _minus(a: Range, b: Range) -> Range:
    return Range(a.low - b.high, a.high - b.low)


def times(a: Range, b: Range) -> Range:
    """Nothing times anything is nothing, also times infinity."""
    return _corners(a, b, lambda x, y: x * y if x and y else Decimal(0))


def _over(a: Range, b: Range) -> Range:
    return _corners(a, b, lambda x, y: x / y)


def _corners(a: Range, b: Range, operation: Callable[[Decimal, Decimal], Decimal]) -> Range:
    found = [operation(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return Range(min(found), max(found))


def _rounded(ranges: Sequence[Range], how: str) -> Range:
    low, high = (
        number if number.is_infinite() else number.to_integral_value(rounding=how)
        for number in (ranges[0].low, ranges[0].high)
    )
    return Range(low, high)


_OPERATORS: dict[type[ast.operator], Callable[[Range, Range], Range]] = {
    ast.Add: _plus,
    ast.Sub: _minus,
    ast.Mult: times,
    ast.Div: _over,
}


def _min(numbers: list[Range]) -> Range:
    """The least of its numbers."""
    return Range(min(each.low for each in numbers), min(each.high for each in numbers))


def _max(numbers: list[Range]) -> Range:
    """The greatest of its numbers."""
    return Range(max(each.low for each in numbers), max(each.high for each in numbers))


def _ceil(numbers: list[Range]) -> Range:
    """The next whole number, upwards."""
    return _rounded(numbers, ROUND_CEILING)


def _round(numbers: list[Range]) -> Range:
    """The nearest whole number; a half goes up."""
    return _rounded(numbers, ROUND_HALF_UP)


def _count(numbers: list[Range]) -> Range:
    """How many files, rows or values of a column are given."""
    return exactly(Decimal(len(numbers)))  # only to be known here: _evaluate counts fields


def _sum(numbers: list[Range]) -> Range:
    """All its numbers together: of a column of rows, or of a fact of several files."""
    low = sum((each.low for each in numbers), Decimal(0))
    return Range(low, sum((each.high for each in numbers), Decimal(0)))


_FUNCTIONS: dict[str, Callable[[list[Range]], Range]] = {
    "min": _min,
    "max": _max,
    "ceil": _ceil,
    "round": _round,
    "count": _count,
    "sum": _sum,
}

FUNCTIONS: dict[str, str] = {name: function.__doc__ or "" for name, function in _FUNCTIONS.items()}
"""What an expression can call, and what each gives."""
