"""`make chaos`: many orders while processes die, queues forget and people click twice; then the books are balanced.

    python -m tests.faults.chaos [--seed N] [--jobs 200] [--seconds 90] [--embedded]

The seed decides what is ordered and what goes wrong; the machine decides the rest. It is printed at once.
"""

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.engines import postgres_server, redis_server
from tests.faults.audit import Books, Click, all_jobs, balance
from tests.faults.deployment import CHEAP, HASTY_PACE, MODEL, Engines, House, Nest, SandboxProcess
from tests.faults.disturbances import Mischief
from tests.faults.outcome import table
from tests.support import PATIENCE, RESTING

FAULTS = {
    "": 55,
    "refuse": 3,
    "no_credit": 2,
    "rate_limit on submit x1": 4,
    "error_before": 2,
    "error_after": 3,
    "drop_after": 4,
    "drop_before": 2,
    "stall": 3,
    "malformed": 2,
    "html": 2,
    "moderation": 3,
    "fail": 3,
    "expired_output on output x1": 3,
    "truncated_output on output x2": 4,
    "wrong_type": 2,
    "slow_download": 2,
    "error_before on look x3": 4,
    "endless": 3,
    "error_before on cancel": 2,
}
"""What the sandbox is asked to do wrong, and how often in about a hundred."""

QUIET = 300.0  # seconds after the last mischief until every job must rest


def orders(dice: random.Random, count: int) -> list[Click]:
    """What is clicked; what runs for ever is canceled, and now and then something else too."""
    faults = dice.choices(list(FAULTS), list(FAULTS.values()), k=count)
    found = []
    for number, fault in enumerate(faults):
        cancel = fault in ("endless", "error_before on cancel") or dice.random() < 0.05
        marker = f" [fault: {fault}]" if fault else ""
        prompt, times = f"Chaos {dice.getrandbits(40):x} {number}{marker}", dice.choice((1, 1, 1, 2))
        found.append(Click(prompt, f"key {number}", fault, cancel, times))
    return found


class Clicker:
    """People: each order is sent, twice at once now and then, and again until it is answered."""

    def __init__(self, urls: list[str]) -> None:
        self.urls = urls
        self.http = httpx.Client(timeout=PATIENCE, trust_env=False)
        self.placed: dict[Click, set[str]] = {}

    def click(self, click: Click, at: float) -> None:
        time.sleep(max(0.0, at - time.monotonic()))
        with ThreadPoolExecutor(2) as fingers:
            self.placed[click] = set(fingers.map(lambda _: self._until_answered(click), range(click.times)))
        if click.cancel:
            time.sleep(0.3)
            self._cancel(next(iter(self.placed[click])))

    def _until_answered(self, click: Click) -> str:
        values = {"prompt": click.prompt, **CHEAP}
        for attempt in range(600):
            with suppress(httpx.TransportError):
                url = self.urls[(attempt + len(click.prompt)) % len(self.urls)]
                headers = {"idempotency-key": click.key}
                answer = self.http.post(
                    f"{url}/api/video/jobs", json={"model": MODEL, "values": values}, headers=headers
                )
                if answer.status_code in (200, 201):
                    return str(answer.json()["id"])
                assert answer.status_code == 503, answer.text
            time.sleep(0.1)
        raise AssertionError(f"{click.prompt}: never answered")

    def _cancel(self, job_id: str) -> None:
        for attempt in range(600):
            with suppress(httpx.TransportError):
                url = self.urls[attempt % len(self.urls)]
                if self.http.post(f"{url}/api/video/jobs/{job_id}/cancel").status_code != 503:
                    return
            time.sleep(0.1)


def campaign(house: House, seed: int, count: int, seconds: float) -> tuple[Books, Mischief]:
    """Orders and mischief for so many seconds; then quiet, and the books."""
    dice = random.Random(seed)
    clicks = orders(dice, count)
    mischief = Mischief(house, random.Random(dice.getrandbits(32)))
    mischief.mend()
    house.http.base_url = httpx.URL(mischief.urls[0])
    clicker = Clicker(mischief.urls)
    stop, begins = threading.Event(), time.monotonic()
    alarm = threading.Timer(seconds, stop.set)
    with ThreadPoolExecutor(24) as people:
        share = 0.9 * seconds / count
        clicking = [people.submit(clicker.click, one, begins + share * at) for at, one in enumerate(clicks)]
        alarm.start()
        mischief.run(stop)  # in this thread, for a server that it starts again ends with the thread
        for one in clicking:
            one.result()
    clicker.http.close()
    rest(house)
    placed = {click: ids.pop() for click, ids in clicker.placed.items() if len(ids) == 1}
    assert len(placed) == count, "a click sent twice became two jobs"
    return balance(house, placed), mischief


def rest(house: House) -> None:
    """Wait until nothing goes on by itself any more."""
    deadline = time.monotonic() + QUIET
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError, AssertionError):  # it answers 503 for a moment
            if all(job["status"] in RESTING for job in all_jobs(house).values()):
                return
        time.sleep(0.5)


@contextmanager
def a_house(*, embedded: bool) -> Iterator[House]:
    """A house with servers of its own, which may be killed; embedded where there are none on this machine."""
    folder = Path(tempfile.mkdtemp(prefix="shotlist-chaos-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        engines = None
        if not embedded:
            try:
                engines = Engines(stack.enter_context(postgres_server()), stack.enter_context(redis_server()))
            except pytest.skip.Exception as absent:
                print(f"{absent}: one process with the embedded engines instead")
        nest, sandbox = Nest(), SandboxProcess(folder / "sandbox")
        stack.callback(sandbox.close)
        stack.callback(nest.close)
        house = House(folder / "house", nest, sandbox, engines, pace=HASTY_PACE)
        stack.callback(house.close)
        yield house


def told(seed: int, books: Books, mischief: Mischief, seconds: float) -> list[str]:
    """The report, line by line."""
    return [
        f"seed {seed}: {len(books.verdicts)} jobs in {seconds:.0f} s, {books.submissions} submissions",
        "ended: " + ", ".join(f"{count} {state}" for state, count in books.states.most_common()),
        "done: " + ", ".join(f"{what} × {count}" for what, count in mischief.done.most_common()),
        *(
            table([one for one in books.verdicts if one.wrong])
            if any(one.wrong for one in books.verdicts)
            else []
        ),
        *(books.wrong or ("The books balance.",)),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=90, help="of mischief; then comes the quiet")
    parser.add_argument("--embedded", action="store_true", help="one process, SQLite and the embedded queue")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    began = time.monotonic()
    with a_house(embedded=given.embedded) as house:
        books, mischief = campaign(house, given.seed, given.jobs, given.seconds)
        print(*told(given.seed, books, mischief, time.monotonic() - began), sep="\n", flush=True)
        if books.wrong:
            log = Path(tempfile.gettempdir()) / f"shotlist-chaos-{given.seed}.log"
            log.write_text(house.said())
            print(f"The log of all processes: {log}")
    return 1 if books.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
