"""`python -m bench.looks [JOBS …]`: how many jobs one worker process can look after before its looks come late.

Each size is a worker in a process of its own, with that many jobs at the provider, each looked at every 10 s, against
a stub. Lateness is from the second at which a look is due to its request; late means that the 95th percentile is over
a tenth of the interval. Sizes grow until looks are late.
"""

import asyncio
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from bench.stub import ROOT, stub, wire
from providers.client.http import HTTPClients
from providers.client.provider_client import ProviderClient
from providers.outcomes import Operation, PollOutcome
from providers.registry import ProviderRegistry
from tasks.context import AppContext, build_context
from tasks.embedded import EmbeddedQueue
from tasks.jobs.model import Amounts, Job
from tasks.jobs.rows import to_row
from tasks.settings import prepare_data_dir, read_settings
from tasks.worker.run import run_worker

SIZES = (2_500, 5_000, 10_000, 12_500, 15_000, 20_000, 30_000)
EVERY = 10.0
WARM, MEASURED = 12.0, 20.0  # seconds
WATCHED = 400  # jobs whose due times are read again and again

ORDER = {"provider": "replicate", "endpoint": "x/stub", "version": "", "mode": "t2v", "body": {}, "media": []}


class TimedLine(ProviderClient):
    """Notes when looks leave."""

    left: ClassVar[dict[str, list[float]]] = {}

    async def poll(self, operation: Operation, *, cancel_sent: bool = False) -> PollOutcome:
        self.left.setdefault(operation.id, []).append(time.time())
        return await super().poll(operation, cancel_sent=cancel_sent)


class TimedLines(ProviderRegistry):
    """Gives timed lines to the stub."""

    stub = ""
    clients: HTTPClients

    def client(self, provider: str, origin: str, sandbox: bool) -> ProviderClient | None:  # noqa: ARG002
        found = self.descriptions.get(provider)
        return TimedLine(found, self.stub, lambda: "key", self.clients) if found else None


async def fill(context: AppContext, count: int) -> None:
    """So many jobs at the provider, whose looks are spread over one interval."""
    now = time.time()
    async with context.database.transaction():
        for number in range(count):
            row = to_row(job(number, now)) | {
                "next_look_at": now + random.uniform(1, 1 + EVERY),
                "look_every": EVERY,
                "look_max": EVERY,
                "deadline_at": now + 3600,
            }
            names = ", ".join(f'"{name}"' for name in row)
            places = ", ".join("{}" for _ in row)
            await context.database.rows(f"INSERT INTO job ({names}) VALUES ({places})", *row.values())


def job(number: int, now: float) -> Job:
    facts: dict[str, Any] = {
        "id": f"{number:016x}", "owner": "local", "model": "stub", "display_name": "Stub", "provider": "replicate",
        "sandbox": False, "origin": "", "mode": "t2v", "values": {"prompt": "A paper boat on a rainy street"},
        "labels": (("Prompt", "A paper boat on a rainy street"),), "frame": (16, 9), "order": ORDER,
        "estimate": Amounts(None, None, "USD", "price unknown"), "typical_sec": 60, "deadline_sec": 3600,
        "created_at": now, "updated_at": now, "state": "processing", "operation": Operation(f"op{number}"),
    }  # fmt: skip
    return msgspec.convert(facts, Job, from_attributes=True)


async def watch_due(context: AppContext, due: dict[str, set[float]], stop: asyncio.Event) -> None:
    """Read when the watched jobs are due, often enough to miss no turn."""
    ids = ", ".join(f"'{number:016x}'" for number in range(WATCHED))
    while not stop.is_set():
        for row in await context.database.rows(
            f"SELECT operation, next_look_at FROM job WHERE id IN ({ids})"
        ):
            operation = msgspec.json.decode(row["operation"], type=Operation)
            due.setdefault(operation.id, set()).add(row["next_look_at"])
        await asyncio.sleep(1.0)


def lateness(due: dict[str, set[float]], since: float, until: float) -> list[float]:
    """Seconds from each due time to the look that followed."""
    found = []
    for name, times in due.items():
        for at in times:
            left = [one for one in TimedLine.left.get(name, ()) if one >= at]
            if since <= at < until and left:
                found.append(left[0] - at)
            elif since <= at < until:
                found.append(time.time() - at)
    return found


async def worker(folder: Path, count: int, base: str) -> dict[str, float]:
    """One worker on its jobs; what it took."""
    wire(folder / "wires", base, EVERY, slots=count)
    environ = {"SHOTLIST_DATA_DIR": str(folder / "data"), "SHOTLIST_PROVIDERS_DIR": str(folder / "wires")}
    settings = read_settings(environ)
    prepare_data_dir(settings)
    queue = EmbeddedQueue(settings.data_dir)
    await queue.start()
    context = await build_context(settings, queue_url=queue.url, sandbox_url=None)
    empty = memory()
    lines = TimedLines(context.descriptions, context.clients, {}, None)
    lines.stub, lines.clients = base, context.clients
    context = msgspec.structs.replace(context, lines=lines)
    try:
        await fill(context, count)
        return await measure(context, count, empty)
    finally:
        await context.close()
        await queue.stop()


async def measure(context: AppContext, count: int, empty: float) -> dict[str, float]:
    stop, due = asyncio.Event(), dict[str, set[float]]()
    working = [
        asyncio.create_task(run_worker(context, stop)),
        asyncio.create_task(watch_due(context, due, stop)),
    ]
    await asyncio.sleep(WARM)
    began, used, looks = time.time(), time.process_time(), looks_so_far()
    await asyncio.sleep(MEASURED)
    seconds, used, looks = time.time() - began, time.process_time() - used, looks_so_far() - looks
    late = lateness(due, began, began + MEASURED - 2)
    peak = memory()
    stop.set()
    await asyncio.gather(*working)
    cuts = statistics.quantiles(late, n=20)
    return {
        "jobs": count,
        "looks a second": round(looks / seconds),
        "wanted": round(count / EVERY),
        "late p50, s": round(cuts[9], 3),
        "late p95, s": round(cuts[18], 3),
        "CPU of one core": round(used / seconds, 2),
        "CPU a look, ms": round(1000 * used / max(1, looks), 2),
        "memory, MB": round(peak, 1),
        "memory a job, kB": round(1000 * (peak - empty) / count, 2),
    }


def looks_so_far() -> int:
    return sum(len(times) for times in TimedLine.left.values())


def memory() -> float:
    """The most that this process has held, MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1e3


def run(count: int, base: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="shotlist-bench-") as folder:
        command = [sys.executable, "-m", "bench.looks", "--worker", folder, str(count), base]
        ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def main(sizes: list[int]) -> None:
    found: list[dict[str, float]] = []
    with stub() as base:
        for count in sizes:
            found.append(run(count, base))
            if count == sizes[0]:
                print("  ".join(f"{name:>16}" for name in found[0]))
            print("  ".join(f"{value:>16}" for value in found[-1].values()), flush=True)
            if found[-1]["late p95, s"] > EVERY / 10:
                break
    held = max((one["jobs"] for one in found if one["late p95, s"] <= EVERY / 10), default=0)
    print(f"One worker process holds {held:,.0f} jobs at a look every {EVERY:g} s (aim 10,000).")
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "looks.json").write_text(json.dumps({"held": held, "sizes": found}, indent=2) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(asyncio.run(worker(Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))))
    else:
        main([int(size) for size in sys.argv[1:]] or list(SIZES))
