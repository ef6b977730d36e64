"""Small specs for tests: only what a case is about, around it what every spec must have."""

from __future__ import annotations

import tomllib
from typing import Any

from models.spec.loader import build_spec
from models.spec.schema import Problem, Spec

ABOUT = """
display_name = "Test"
family = "Test"
provider = "replicate"
endpoint = "test/test"
source = "made up"
checked = 2026-11-22
"""

REST = """
[capabilities]
modes = ["t2v", "i2v"]

[price]
rates = [{ unknown = true }]
source = "made up"
checked = 2026-11-22
"""

PROMPT = '{ name = "prompt", type = "textarea", required = true },'


def raw_of(fields: str, tables: str = "", *, rest: str = REST, top: str = "") -> dict[str, Any]:
    """`fields` are inline tables, `tables` what follows the fields ([[rules]], [[derive]], …)."""
    return tomllib.loads(f"{ABOUT}{top}\nfields = [{fields}]\n{rest}\n{tables}")


def spec_of(fields: str, tables: str = "", *, rest: str = REST, top: str = "") -> Spec:
    built = build_spec(raw_of(fields, tables, rest=rest, top=top), key="test", file="test.toml")
    assert isinstance(built, Spec), "\n".join(map(str, built))
    return built


def problems_of(fields: str, tables: str = "", *, rest: str = REST, top: str = "") -> list[str]:
    built = build_spec(raw_of(fields, tables, rest=rest, top=top), key="test", file="test.toml")
    return [] if isinstance(built, Spec) else [str(problem) for problem in built]


def told(problems: tuple[Problem, ...]) -> str:
    return "\n".join(map(str, problems))
