"""The JSON that programs get: jobs and models, with every key present and null for what is not known.

A spec as JSON for programs, in the words of its TOML file: conditions and expressions as they are written there.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

from models.describe import json_schema
from models.pricing import typical_price
from models.spec.conditions import Condition, Span, Test
from models.spec.expressions import Expression
from models.spec.fields import Field
from models.spec.schema import Spec
from models.spec.values import JSON
from providers.registry import ProviderSnapshots
from tasks.jobs.model import Job, JobError, Output, State

ALWAYS = ("name", "label", "required", "value")
"""Keys that are told even where they hold what they hold by default."""

OURS = ("wire",)
"""Where a value goes in the provider's request is not the caller's business."""


def as_written(spec: Spec) -> dict[str, Any]:
    """Fields (the mode first), rules, constraints, price and examples; what was left out of the file is left out."""
    return {
        "fields": [_json(field) for field in spec.form.fields],
        "rules": [_json(rule) for rule in spec.rules],
        "constraints": _json(spec.constraints),
        "price": _json(spec.price),
        "examples": [_json(example) for example in spec.examples],
    }


def _json(value: Any) -> JSON:
    match value:
        case Condition():
            tables: list[JSON] = [{test.field: _test(test) for test in tests} for tests in value.any_of]
            return tables[0] if len(tables) == 1 else tables
        case Expression():
            return value.text
        case msgspec.Struct():
            return _table(value)
        case Decimal() | date():
            return str(value)
        case list() | tuple():
            return [_json(item) for item in value]
        case dict():
            return {name: _json(item) for name, item in value.items()}
        case _:
            return value  # type: ignore[no-any-return]


def _table(struct: msgspec.Struct) -> dict[str, JSON]:
    table: dict[str, JSON] = {"type": struct.kind} if isinstance(struct, Field) else {}
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        if field.name in OURS or (field.name not in ALWAYS and value in (field.default, None, (), {})):
            continue
        table[field.encode_name] = _json(value)
    return table


def _test(test: Test) -> JSON:
    if test.one_of is not None:
        return _json(test.one_of[0] if len(test.one_of) == 1 else test.one_of)
    written: dict[str, JSON] = {}
    if test.none_of:
        written["not"] = _json(test.none_of)
    if test.is_set is not None:
        written["set"] = test.is_set
    if test.span:
        written |= _span(test.span)
    if test.count:
        written["count"] = _span(test.count)
    return written | {fact: _span(span) for fact, span in test.facts}


def _span(span: Span) -> dict[str, JSON]:
    limits: dict[str, JSON] = {"min": span.min, "max": span.max}
    return {name: limit for name, limit in limits.items() if limit is not None}


Billing = Literal["not_billed", "billed", "unknown"]


class EstimateAnswer(msgspec.Struct, frozen=True):
    """What the job was expected to cost when it was ordered; decimal strings."""

    low: str | None
    high: str | None
    currency: str


class CostAnswer(msgspec.Struct, frozen=True):
    """What the provider says it cost; a decimal string."""

    amount: str
    currency: str
    source: str


class JobErrorAnswer(msgspec.Struct, frozen=True):
    """Why a job failed: `sentence` is what the page shows, with whether money was spent and what to do.

    `message` is the same sentence under its older name.
    """

    class_: str = msgspec.field(name="class")
    message: str
    sentence: str
    field: str | None


class OutputAnswer(msgspec.Struct, frozen=True):
    """A finished file: pixels and seconds as measured, size in bytes."""

    kind: str
    url: str
    poster_url: str | None
    width: int | None
    height: int | None
    duration: float | None
    format: str
    bytes: int


class JobAnswer(msgspec.Struct, frozen=True):
    """One job. Times are ISO 8601 in UTC, progress is 0 to 1, `output` is the first video.

    `log` is the provider's last line; of a job that succeeded, what is doubtful about its files.
    """

    id: str
    model: str
    provider: str
    sandbox: bool
    status: State
    created_at: str
    updated_at: str
    cancel_requested_at: str | None
    values: dict[str, Any]
    progress: float | None
    queue_position: int | None
    log: str | None
    estimate: EstimateAnswer
    cost: CostAnswer | None
    billing: Billing | None
    provider_job_id: str | None
    error: JobErrorAnswer | None
    outputs: list[OutputAnswer]
    output: OutputAnswer | None


class JobsAnswer(msgspec.Struct, frozen=True):
    """A page of jobs, newest first; `next` is the `before` of the page after it."""

    jobs: list[JobAnswer]
    next: str | None


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One model of the catalogue. `sandbox`: without a key it runs against the local stand-in, not the real thing."""

    key: str
    display_name: str
    family: str
    provider: str
    summary: str
    status: str
    modes: list[str]
    ready: bool
    sandbox: bool
    price: str
    typical_sec: float


class ModelsAnswer(msgspec.Struct, frozen=True):
    """The catalogue."""

    models: list[ModelEntry]


class ModelAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All of one model: its fields, rules, limits, price and examples, and the JSON Schema of its values."""

    key: str
    display_name: str
    family: str
    provider: str
    summary: str
    status: str
    modes: list[str]
    ready: bool
    sandbox: bool
    typical_price: str
    typical_sec: float
    source: str
    checked: str
    fields: list[dict[str, Any]]
    rules: list[dict[str, Any]]
    constraints: dict[str, Any]
    price: dict[str, Any]
    examples: list[dict[str, Any]]
    schema: dict[str, Any]


def job_answer(job: Job) -> JobAnswer:
    outputs = [output_answer(job.id, output) for output in job.outputs]
    return JobAnswer(
        id=job.id,
        model=job.model,
        provider=job.provider,
        sandbox=job.sandbox,
        status=job.state,
        created_at=iso(job.created_at),
        updated_at=iso(job.updated_at),
        cancel_requested_at=iso(job.cancel_requested_at) if job.cancel_requested_at else None,
        values=job.values,
        progress=job.progress,
        queue_position=job.queue_position,
        log=job.log,
        estimate=EstimateAnswer(job.estimate.low, job.estimate.high, job.estimate.currency),
        cost=CostAnswer(job.cost.amount, job.cost.currency, job.cost.source) if job.cost else None,
        billing=job.billing,
        provider_job_id=job.provider_job_id,
        error=_error_answer(job.error) if job.error else None,
        outputs=outputs,
        output=next((output for output in outputs if output.kind == "video"), None),
    )


def _error_answer(error: JobError) -> JobErrorAnswer:
    return JobErrorAnswer(error.kind, error.sentence, error.sentence, error.field)


def output_answer(job_id: str, output: Output) -> OutputAnswer:
    return OutputAnswer(
        kind=output.kind,
        url=f"/media/{job_id}/{output.name}",
        poster_url=f"/media/{job_id}/{output.poster}" if output.poster else None,
        width=output.width,
        height=output.height,
        duration=output.duration,
        format=output.format,
        bytes=output.bytes,
    )


def model_entry(providers: ProviderSnapshots, spec: Spec) -> ModelEntry:
    provider = providers.get(spec.provider)
    return ModelEntry(
        key=spec.key,
        display_name=spec.display_name,
        family=spec.family,
        provider=spec.provider,
        summary=spec.summary,
        status=spec.status,
        modes=list(spec.modes),
        ready=provider.ready,
        sandbox=provider.sandbox,
        price=typical_price(spec),
        typical_sec=spec.timing.typical_sec,
    )


def model_answer(providers: ProviderSnapshots, spec: Spec) -> ModelAnswer:
    entry = model_entry(providers, spec)
    return ModelAnswer(
        **{name: getattr(entry, name) for name in entry.__struct_fields__ if name != "price"},
        typical_price=entry.price,
        source=spec.source,
        checked=spec.checked.isoformat(),
        **as_written(spec),
        schema=json_schema(spec),
    )


def iso(seconds: float) -> str:
    """Unix seconds as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
