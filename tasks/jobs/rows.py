"""Between a row of the table `job` and the structs of `tasks.jobs.model`: structs are JSON text in the database."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from models.spec.values import Values
from providers.outcomes import Cost, Handle, Operation, OutputFile, Submission
from tasks.jobs.model import Amounts, Job, JobError, Output, PolledJob, provider_queue

log = logging.getLogger("shotlist.database")

Read = TypeVar("Read")

_JSON_COLUMNS: dict[str, msgspec.json.Decoder[Any]] = {
    "values": msgspec.json.Decoder(Values),
    "labels": msgspec.json.Decoder(tuple[tuple[str, str], ...]),
    "frame": msgspec.json.Decoder(tuple[int, int]),
    "estimate": msgspec.json.Decoder(Amounts),
    "wire_order": msgspec.json.Decoder(Submission),
    "handles": msgspec.json.Decoder(dict[str, Handle]),
    "operation": msgspec.json.Decoder(Operation),
    "found": msgspec.json.Decoder(tuple[OutputFile, ...]),
    "cost": msgspec.json.Decoder(Cost),
    "error": msgspec.json.Decoder(JobError),
    "outputs": msgspec.json.Decoder(tuple[Output, ...]),
}
_JOB_COLUMNS = tuple("wire_order" if name == "order" else name for name in Job.__struct_fields__)
_WATCHED_COLUMNS = PolledJob.__struct_fields__

POLLED_COLUMNS = ", ".join(f'"{name}"' for name in _WATCHED_COLUMNS)


def encode(column: str, value: Any) -> Any:
    """A value of a struct as its column holds it; None stays NULL."""
    if value is None or column not in _JSON_COLUMNS:
        return value
    return msgspec.json.encode(value).decode()


def decode(column: str, value: Any) -> Any:
    if column == "sandbox":
        return bool(value)
    if value is None or column not in _JSON_COLUMNS:
        return value
    return _JSON_COLUMNS[column].decode(value)


def to_job(row: Mapping[str, Any]) -> Job:
    given = {column: decode(column, row[column]) for column in _JOB_COLUMNS}
    given["order"] = given.pop("wire_order")
    return Job(**given)


def to_polled_job(row: Mapping[str, Any]) -> PolledJob:
    return PolledJob(**{column: decode(column, row[column]) for column in _WATCHED_COLUMNS})


def readable(rows: Iterable[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], Read]) -> Iterator[Read]:
    """All rows that can be read: one that was damaged, or that another version wrote, keeps nobody from the others."""
    for row in rows:
        try:
            yield read(row)
        except msgspec.MsgspecError as error:
            log.error("job %s: its row cannot be read (%s)", row["id"], error)


def to_row(job: Job) -> dict[str, Any]:
    """A whole new row: what only the worker writes starts from nothing."""
    given = {name: getattr(job, name) for name in Job.__struct_fields__}
    given["wire_order"] = given.pop("order")
    row = {column: encode(column, value) for column, value in given.items()}
    return row | {
        "lane": provider_queue(job.provider, job.sandbox),
        "not_before": 0.0,
        "hinted_at": job.created_at,
        "look_every": 0.0,
        "look_max": 0.0,
        "gone": 0,
    }
