"""What became of one order under a fault, and all that is wrong with that."""

from io import BytesIO
from typing import Any

import av
import msgspec

from tests.faults.deployment import House
from tests.support import RESTING

MONEY = {"not_billed": "not billed", "billed": "was billed", "unknown": "may have been billed"}
"""A phrase by which a person is told."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table; `wrong` holds a sentence for each promise that was not kept."""

    fault: str
    step: str
    where: str
    submissions: int
    charged: int
    state: str
    billing: str
    sentence: str
    file: str
    wrong: tuple[str, ...]


def judge(house: House, job: dict[str, Any], prompt: str, *, fault: str, step: str) -> Verdict:
    """Compare a job that rests with what the sandbox has counted, and its file with a whole video."""
    counted = house.sandbox.of(prompt)
    charged = sum(one["billed"] for one in counted)
    sentence = (job["error"] or {}).get("message", "") if job["error"] else ""
    told = money_told(job)
    file = file_of(house, job)
    wrong = [
        *([f"{len(counted)} submissions"] if len(counted) > 1 else []),
        *([f"it still is {job['status']}"] if job["status"] not in RESTING else []),
        *money_wrong(job, charged, told),
        *([f"the file is {file}"] if job["status"] == "succeeded" and file != "whole" else []),
        *(["succeeded without a submission"] if job["status"] == "succeeded" and not counted else []),
    ]
    return Verdict(
        fault=fault, step=step, where="apart" if house.engines else "embedded",
        submissions=len(counted), charged=charged, state=job["status"], billing=str(job["billing"]),
        sentence=told or sentence, file=file, wrong=tuple(wrong),
    )  # fmt: skip


def money_told(job: dict[str, Any]) -> str:
    """The sentence that tells of the money, or the last of those that a person reads."""
    sentences: list[str] = [one.strip() for one in (job["error"] or {}).get("message", "").split(". ")]
    return next((one for one in sentences if "billed" in one), sentences[-1])


def money_wrong(job: dict[str, Any], charged: int, told: str) -> list[str]:
    """`not_billed` only where surely nothing was, `billed` only where something was; and the sentence says the same."""
    billing, found = job["billing"], []
    if billing == "not_billed" and charged:
        found.append("it says not billed, and it was")
    if billing == "billed" and not charged:
        found.append("it says billed, and it was not")
    if billing == "unknown" and job["status"] == "succeeded":
        found.append("a success whose bill is not known")
    if billing not in MONEY:
        found.append(f"billing is {billing}")
    elif job["status"] in ("failed", "unconfirmed") and MONEY[billing] not in told.lower().replace(
        "nothing was", "not"
    ):
        found.append(f"{billing}, but it says: {told!r}")
    return found


def file_of(house: House, job: dict[str, Any]) -> str:
    """`whole`, `none`, or what is wrong with the file of a job."""
    if job["output"] is None:
        return "none"
    answer = house.http.get(job["output"]["url"])
    if answer.status_code != 200:
        return f"gone ({answer.status_code})"
    if len(answer.content) != job["output"]["bytes"]:
        return f"{len(answer.content)} bytes of {job['output']['bytes']}"
    try:
        with av.open(BytesIO(answer.content), "r") as video:
            frames = sum(1 for _ in video.decode(video=0))
    except av.FFmpegError as error:
        return f"damaged ({error})"
    return "whole" if frames > 1 else "empty"


def table(verdicts: list[Verdict]) -> list[str]:
    """Lines for people: fault × step → submissions, end state, money, file."""
    head = ("fault", "step", "engines", "sent", "state", "money", "file", "")
    rows = [
        (v.fault, v.step, v.where, str(v.submissions), v.state, v.billing, v.file, "; ".join(v.wrong) or "ok")
        for v in verdicts
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]
