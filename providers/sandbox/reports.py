"""What the sandbox tells about itself: what was ordered, and how it can be asked to misbehave."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from providers.sandbox.faults import TABLE
from providers.sandbox.store import Store
from providers.sandbox.timeline import billed, iso
from providers.sandbox.wire import Wire

INTRODUCTION = """The Shotlist sandbox stands in for video services.
Nothing here is a real generation, and nothing costs money.

Any key is accepted. Point a client at one of these addresses in place of the real one:
"""
HOW_TO_ASK = """
Faults on demand, three ways to ask:

  ?fault=NAME in the address, or the header X-Sandbox-Fault: NAME    for this very request (and the job it starts)
  [fault: NAME] in the prompt                                        for the submission, or the job it starts
  [fault: NAME on look x2] in the prompt                             for the first two looks; also: on cancel, on output

Several may stand in one prompt; those for the same place strike one after the other.
"""
REPORTS = """
  {root}/_sandbox/submissions    what was accepted, by prompt, and what it would have been billed
  {root}/_sandbox/webhooks/NAME  POST {{"url": "http://…"}} with Authorization: Bearer KEY: where a wire sends the
                                 webhooks of that key which a request cannot name; tells the secret that signs them
  {root}/_sandbox/clock          POST {{"held": true}}: jobs stand still; {{"move": 0.5}}: so many seconds pass at once
  {root}/_sandbox/health         whether the sandbox answers
"""


def describe(wires: Mapping[str, Wire], root: str) -> str:
    """A page of plain text for people."""
    served = "".join(f"  {root}/{wire.name:<12} {wire.stands_for}\n" for wire in wires.values())
    faults = "".join(f"  {fault.name:<18} {fault.says}\n" for fault in TABLE)
    return f"{INTRODUCTION}\n{served}{REPORTS.format(root=root)}{HOW_TO_ASK}\n{faults}"


def submissions(store: Store) -> dict[str, Any]:
    """What was accepted. `attempts` also counts submissions that were refused; `billed` leaves out what is free."""
    jobs = store.all_jobs()
    attempts: Counter[str] = Counter()
    for key, count in store.attempts("submit:").items():
        attempts[key.partition(":")[2]] += count
    listed = [
        {
            "provider": job.provider,
            "id": job.id,
            "prompt": job.prompt,
            "endpoint": job.facts.endpoint,
            "at": iso(job.created_at),
            "billed": billed(job),
        }
        for job in jobs
    ]
    return {
        "total": len(jobs),
        "billed": sum(billed(job) for job in jobs),
        "by_prompt": Counter(job.prompt for job in jobs),
        "attempts": attempts,
        "submissions": listed,
    }
