"""What a campaign of chaos does to the processes of a Shotlist, by a seeded die; in the end everything runs again."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psutil

from tests.engines import Postgres, Redis
from tests.faults.deployment import House
from tests.faults.fault_points import Plan
from tests.support import free_port

POINTS = (
    *(
        "claim to submit: written",
        "deliver: after",
        "move to submitting: written",
        "move to submitting: after",
    ),
    *("submit: before", "submit: after", "record accepted: written", "record accepted: after", "look: after"),
    *(
        "move to saving: written",
        "claim to save: after",
        "fetch: half-way",
        "store: after",
        "move to succeeded: written",
    ),
)
"""Where a worker that is hatched during the campaign may end itself."""


class Mischief:
    """`webs` and `workers` are names of processes of the house; `done` counts what was done to them."""

    def __init__(self, house: House, dice: random.Random, webs: int = 2, workers: int = 3) -> None:
        self.house, self.dice = house, dice
        self.webs = {f"web {number}": free_port() for number in range(1, webs + 1)} if house.engines else {}
        self.workers = [f"worker {number}" for number in range(1, workers + 1)] if house.engines else []
        self.done: Counter[str] = Counter()

    @property
    def urls(self) -> list[str]:
        """Where clicks may go."""
        return [f"http://127.0.0.1:{port}" for port in self.webs.values()] or [self.house.url]

    def mend(self, plan: Callable[[], Plan] = Plan) -> None:
        """Start again whatever does not run."""
        house = self.house
        if house.engines is None:
            if not house.alive("serve"):
                house.hatch("serve", plan())
            return
        servers: tuple[Redis | Postgres, ...] = (house.engines.redis, house.engines.postgres)
        for server in servers:
            if server.process is None:
                _start(server)
        for name, port in self.webs.items():
            if not house.alive(name):
                house.hatch("web", Plan(), name, port)
        for name in self.workers:
            if not house.alive(name):
                house.hatch("worker", plan(), name)

    def run(self, stop: threading.Event) -> None:
        """One thing after another until `stop`; then everything runs, and nothing is planned to end."""
        while not stop.wait(self.dice.uniform(0.2, 1.0)):
            act = self.dice.choices(*zip(*self._acts().items(), strict=True))[0]
            act()
            self.done[act.__name__.strip("_").replace("_", " ")] += 1
            if self.dice.random() < 0.8:
                self.mend(self._plan)
        for name in (*self.workers, *([] if self.house.engines else ["serve"])):
            self.house.kill(name)  # it may have been told to end at a point that it has not reached
        self.mend()

    def _plan(self) -> Plan:
        return Plan(kill_at=self.dice.choice(POINTS) if self.dice.random() < 0.3 else "")

    def _acts(self) -> dict[Callable[[], None], float]:
        if self.house.engines is None:
            return {self._kill_server: 4, self._kill_queue: 2}
        return {
            self._kill_worker: 5,
            self._kill_web: 2,
            self._freeze_worker: 2,
            self._forget_queue: 3,
            self._kill_queue: 1,
            self._kill_database: 0.5,
        }

    def _kill_server(self) -> None:
        if self.house.alive("serve"):
            self.house.kill("serve")

    def _kill_worker(self) -> None:
        name = self.dice.choice(self.workers)
        if self.house.alive(name):
            self.house.kill(name)

    def _kill_web(self) -> None:
        name = self.dice.choice(list(self.webs))
        if self.house.alive(name):
            self.house.kill(name)

    def _freeze_worker(self) -> None:
        """Longer than a lease, so that others take over."""
        name = self.dice.choice(self.workers)
        with suppress(psutil.NoSuchProcess, KeyError):
            process = psutil.Process(self.house.pids[name])
            process.send_signal(signal.SIGSTOP)
            time.sleep(self.dice.uniform(0.5, 2.5))
            process.send_signal(signal.SIGCONT)

    def _forget_queue(self) -> None:
        if self.house.engines and self.house.engines.redis.process:
            self.house.engines.redis.flush()

    def _kill_queue(self) -> None:
        if self.house.engines:
            self.house.engines.redis.end(signal.SIGKILL)
        elif self.house.alive("serve"):
            with suppress(psutil.NoSuchProcess):
                for child in psutil.Process(self.house.pids["serve"]).children():
                    child.kill()

    def _kill_database(self) -> None:
        if self.house.engines:
            self.house.engines.postgres.end(signal.SIGKILL)


def _start(server: Redis | Postgres) -> None:
    """The children of a killed Postgres outlive it for a moment, and no other may start meanwhile."""
    for attempt in range(50):
        try:
            server.start()
            return
        except AssertionError:
            if attempt == 49:
                raise
            server.end()
            time.sleep(0.2)
