"""`python -m bench.submits`: how soon an order reaches the provider, and how many a second are taken for good.

Side by side in one run: the API of a real `shotlist serve` against a stub, and beside it, in a process of its own, a
bare handler that does the least that any such program must: one durable insert and one message to the queue. Under load
all of the provider's slots are taken, as they soon are in life, so the worker finds out with each message that it
must wait.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from httpx_aiohttp import AiohttpTransport

from bench.start import free_port, server, wait_for
from bench.stub import ROOT, stub, wire

IDLE = 60  # orders, one after the other, with a pause in between
SLOTS = 70  # of which one in eight is kept for other owners
PAUSE = 0.25
AT_ONCE = (1, 8, 32)
SECONDS = 6.0  # for each figure
ROUNDS = 3  # of both, in turn, so that a busy machine is busy for both

Post = Callable[[httpx.AsyncClient, str], Awaitable[None]]


async def order(client: httpx.AsyncClient, prompt: str) -> None:
    values = {"prompt": prompt, "duration": 5}
    answer = await client.post("/api/video/jobs", json={"model": "kling-v2.1-master", "values": values})
    assert answer.status_code == 201, answer.text


async def bare(client: httpx.AsyncClient, prompt: str) -> None:
    assert (await client.post("/", json={"prompt": prompt})).status_code == 201


def clients(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, transport=AiohttpTransport(), timeout=60)


async def a_second(url: str, post: Post, at_once: int, name: str) -> float:
    """Orders that were answered in a second, from so many people at once."""
    done, ends = 0, time.perf_counter() + SECONDS

    async def person(client: httpx.AsyncClient, number: int) -> None:
        nonlocal done
        turn = 0
        while time.perf_counter() < ends:
            await post(client, f"{name} {number} {turn}")
            turn += 1
            done += 1

    async with clients(url) as client:
        await asyncio.gather(*(person(client, number) for number in range(at_once)))
    return done / SECONDS


async def side_by_side(shotlist: str, handler: str) -> list[dict[str, Any]]:
    found = []
    for at_once in AT_ONCE:
        pairs = []
        for turn in range(ROUNDS):
            theirs = await a_second(handler, bare, at_once, f"bare {at_once} {turn}")
            ours = await a_second(shotlist, order, at_once, f"load {at_once} {turn}")
            pairs.append((ours, theirs))
        found.append(
            {
                "at once": at_once,
                "Shotlist, a second": round(statistics.median(ours for ours, _ in pairs)),
                "bare handler, a second": round(statistics.median(theirs for _, theirs in pairs)),
                "ratio": round(statistics.median(ours / theirs for ours, theirs in pairs), 2),
            }
        )
    return found


async def idle(shotlist: str, stub_url: str) -> dict[str, float]:
    """Milliseconds from the click to the order at the provider, and to our answer."""
    clicked, answered = {}, []
    async with clients(shotlist) as client:
        for number in range(IDLE):
            prompt = f"idle {number}"
            clicked[prompt], began = time.time(), time.perf_counter()
            await order(client, prompt)
            answered.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE)
    arrivals = httpx.get(f"{stub_url}/arrivals", trust_env=False).json()
    waits = [arrivals[prompt] - at for prompt, at in clicked.items()]
    cuts, answers = statistics.quantiles(waits, n=20), statistics.quantiles(answered, n=20)
    return {
        "click to provider p50, ms": round(1000 * cuts[9], 1),
        "click to provider p95, ms": round(1000 * cuts[18], 1),
        "click to answer p50, ms": round(1000 * answers[9], 1),
        "click to answer p95, ms": round(1000 * answers[18], 1),
    }


@contextmanager
def bare_handler(folder: Path) -> Iterator[str]:
    """The handler in a process of its own; its address."""
    folder.mkdir()
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "bench.bare", str(folder), url.rpartition(":")[2]]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="shotlist-bench-") as place, stub() as base:
        folder = Path(place)
        wire(folder / "wires", base, 3600, slots=SLOTS)
        (folder / "data").mkdir()
        given = {
            "SHOTLIST_PROVIDERS_DIR": str(folder / "wires"),
            "REPLICATE_API_TOKEN": "r8_bench",
            "SHOTLIST_REPLICATE_BASE_URL": base,
        }
        with server(folder / "data", given) as (shotlist, _, _), bare_handler(folder / "bare") as handler:
            alone = asyncio.run(idle(shotlist, base))
            load = asyncio.run(side_by_side(shotlist, handler))
    show(alone, load)


def show(alone: dict[str, float], load: list[dict[str, Any]]) -> None:
    for name, value in alone.items():
        print(f"{name:<28} {value:>8}{'  aim 150' if name == 'click to provider p95, ms' else ''}")
    print("  ".join(f"{name:>24}" for name in load[0]))
    for row in load:
        print("  ".join(f"{value:>24}" for value in row.values()))
    print("aim of the ratio: 0.6")
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "submits.json").write_bytes(
        msgspec.json.format(msgspec.json.encode({"idle": alone, "load": load}), indent=2) + b"\n"
    )


if __name__ == "__main__":
    main()
