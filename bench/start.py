"""`python -m bench.start`: what a stranger waits for, from the command to the provider's first byte.

Every figure comes from one run of the real `shotlist serve` in a fresh data folder, against its own sandbox.
"""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
SUBMITS = 20
PAUSE = 1.0  # seconds between submissions, so that each meets an idle server with a free slot
VALUES = {"mode": "t2v", "prompt": "A paper boat on a rainy street, bench {}", "duration": 5}


class Assets(HTMLParser):
    """Collects what a browser fetches to draw the page."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        path = given.get("src") if tag in ("script", "img", "video", "source") else None
        if tag == "link" and set((given.get("rel") or "").split()) & {"stylesheet", "icon", "modulepreload"}:
            path = given.get("href")
        if path and not path.startswith("data:") and path not in self.paths:
            self.paths.append(path)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def server(
    folder: Path, given: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[str, subprocess.Popen[bytes], float]]:
    """A running `shotlist serve`: its address, its process, and the seconds from command to first page.

    `given` is added to its environment.
    """
    address = f"http://127.0.0.1:{free_port()}"
    environ = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environ |= {"SHOTLIST_DATA_DIR": str(folder), "SHOTLIST_PORT": address.rsplit(":", 1)[1]}
    environ |= {"SHOTLIST_SANDBOX_SPEED": "20", **given}
    command = [str(Path(sys.executable).parent / "shotlist"), "serve"]
    began = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environ, stdout=log, stderr=log, start_new_session=True, cwd=ROOT
        )
    try:
        wait_for(f"{address}/video", process)
        yield address, process, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    sys.exit("shotlist serve ended before it answered; see its log in the data folder")


def memory_mb(process: subprocess.Popen[bytes]) -> dict[str, float]:
    """Proportional set size (Linux) or resident size of the server and everything it started, in MB."""
    whole = psutil.Process(process.pid)
    found = {}
    for one in (whole, *whole.children(recursive=True)):
        info = one.memory_full_info()
        found[f"{one.name()} {one.pid}"] = getattr(info, "pss", info.rss) / 1e6
    return found


def seconds_to_end(process: subprocess.Popen[bytes]) -> float:
    """From a Ctrl-C until the server and everything that it started are gone."""
    whole = psutil.Process(process.pid)
    all_of_it = [whole, *whole.children(recursive=True)]
    began = time.perf_counter()
    process.send_signal(signal.SIGINT)
    process.wait()
    psutil.wait_procs(all_of_it)
    return time.perf_counter() - began


def first_page(address: str) -> tuple[int, int]:
    """Requests and bytes on the wire (bodies, compressed as a browser asks) of the first visit."""
    with httpx.Client(base_url=address, headers={"accept-encoding": "gzip"}) as client:
        page = client.get("/video")
        assets = Assets()
        assets.feed(page.text)
        answers = [page, *(client.get(path) for path in assets.paths)]
    return len(answers), sum(answer.num_bytes_downloaded for answer in answers)


def submit(client: httpx.Client, number: int) -> tuple[float, float]:
    """Seconds until the durable 201, and the wall-clock time of the click."""
    values = {**VALUES, "prompt": str(VALUES["prompt"]).format(number)}
    clicked, began = time.time(), time.perf_counter()
    answer = client.post("/api/video/jobs", json={"model": "kling-v2.1-master", "values": values})
    took = time.perf_counter() - began
    answer.raise_for_status()
    return took, clicked


def bare(client: httpx.Client) -> float:
    began = time.perf_counter()
    client.get("/healthz").raise_for_status()
    return time.perf_counter() - began


def sandbox_arrivals(log: Path) -> dict[str, float]:
    """When the sandbox saw each prompt; its address is in the log of the server."""
    line = next(line for line in log.read_text().splitlines() if "andbox" in line and "http://" in line)
    address = "http://" + line.split("http://")[1].split()[0].strip(".,;)/")
    found = httpx.get(f"{address}/_sandbox/submissions").json()
    return {one["prompt"]: datetime.fromisoformat(one["at"]).timestamp() for one in found["submissions"]}


def measure(folder: Path) -> dict[str, object]:
    with server(folder) as (address, process, start):
        requests, size = first_page(address)
        memory = memory_mb(process)
        with httpx.Client(base_url=address) as client:
            bare(client)
            pairs = []
            for number in range(SUBMITS):
                pairs.append((bare(client), *submit(client, number)))
                time.sleep(PAUSE)
        arrivals = sandbox_arrivals(folder / "log")
        stop = seconds_to_end(process)
    waits = [
        arrivals[str(VALUES["prompt"]).format(number)] - clicked
        for number, (_, _, clicked) in enumerate(pairs)
    ]
    return {
        "command to first page, s": round(start, 2),
        "Ctrl-C to the end of everything, s": round(stop, 2),
        "memory of everything, MB": round(sum(memory.values()), 1),
        "memory by process, MB": {name: round(value, 1) for name, value in memory.items()},
        "first page, requests": requests,
        "first page, KiB": round(size / 1024, 1),
        "bare answer p50, ms": round(statistics.median(one[0] for one in pairs) * 1000, 1),
        "submit with durable write p50, ms": round(statistics.median(one[1] for one in pairs) * 1000, 1),
        "submit ÷ bare answer": round(statistics.median(one[1] / one[0] for one in pairs), 1),
        "click to provider's first byte p50, ms": round(statistics.median(waits) * 1000, 1),
        "click to provider's first byte p95, ms": round(statistics.quantiles(waits, n=20)[-1] * 1000, 1),
    }


AIMS = {
    "command to first page, s": 3,
    "Ctrl-C to the end of everything, s": 3,
    "memory of everything, MB": 200,
    "first page, requests": 6,
    "first page, KiB": 70,
    "click to provider's first byte p50, ms": 150,
}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="shotlist-bench-") as folder:
        figures = measure(Path(folder))
    for name, value in figures.items():
        if not isinstance(value, dict):
            print(f"{name:<42} {value:>8} {'aim ' + str(AIMS[name]) if name in AIMS else ''}")
    for name, value in figures["memory by process, MB"].items():  # type: ignore[attr-defined]
        print(f"  {name:<40} {value:>8}")
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "start.json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
