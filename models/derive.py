"""Wire values that several form fields make together, looked up in a table."""

from __future__ import annotations

from collections.abc import Iterator

from models.condition import Scope, holds
from models.spec import Derive, Spec
from models.values import JSON, is_absent, same
from models.words import listed, shown


def derived(spec: Spec, scope: Scope) -> Iterator[tuple[Derive, JSON]]:
    """Each derived value in force. It is left out where one of its fields has no value."""
    for derive in spec.derive:
        row = _row(derive, scope)
        if row:
            yield derive, row[-1]


def derive_errors(spec: Spec, scope: Scope) -> Iterator[tuple[str, str]]:
    """A combination that the table does not list, blamed on the last field that a person can change."""
    for derive in spec.derive:
        if _applies(derive, scope) and _row(derive, scope) is None:
            fields = [spec.form.by_name[name] for name in derive.source]
            chosen = listed(
                (f"{field.label} {shown(field, scope.value(field.name))}" for field in fields), "and"
            )
            yield derive.source[-1], f"{chosen} do not go together: choose another."


def _applies(derive: Derive, scope: Scope) -> bool:
    return holds(derive.when, scope) and not any(is_absent(scope.value(name)) for name in derive.source)


def _row(derive: Derive, scope: Scope) -> tuple[JSON, ...] | None:
    if not _applies(derive, scope):
        return None
    chosen = [scope.value(name) for name in derive.source]
    for row in derive.table:
        if all(same(cell, value) for cell, value in zip(row, chosen, strict=False)):
            return row
    return None
