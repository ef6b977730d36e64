"""The queue: hints that a job can go on, in Redis or Valkey. The only module that knows arq.

A hint that is lost costs a few seconds (the sweep sends it again), one that comes twice costs a question to the
database. So nothing here raises when the queue is away: whoever sends a hint has the row written already.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec
from arq.connections import ArqRedis
from arq.worker import Function, Worker, func
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import AbstractBackoff, ExponentialBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tasks.jobs.claims import Wakeup
from tasks.worker.timing import WorkerTiming

log = logging.getLogger("shotlist.queue")

SUBMIT = "shotlist:submit"
SAVE = "shotlist:save"
STEP_LIMIT = 2 * 3600  # seconds; a step ends by its own limits long before

SubmitStep = Callable[[str, bool], Awaitable[None]]
SaveStep = Callable[[str], Awaitable[None]]


class Queue:
    """Hints for workers. `url` is redis://…, rediss://… or unix:///path."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = _connect(url, NoBackoff(), tries=1, timeout=1.0)

    async def enqueue_submit(self, wakeup: Wakeup, provider: str, sandbox: bool, after: float = 0.0) -> None:
        """Tell a worker that a job waits for this provider; it takes whichever job is next there."""
        await self._send(SUBMIT, "submit", wakeup, after, provider, sandbox)

    async def enqueue_save(self, wakeup: Wakeup, after: float = 0.0) -> None:
        """Tell a worker that this job's video is ready to be fetched."""
        await self._send(SAVE, "save", wakeup, after, wakeup.job_id)

    async def answers(self) -> bool:
        """Whether the queue is there, within a second."""
        try:
            async with asyncio.timeout(1.0):
                return bool(await self._client.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        await self._client.aclose(close_connection_pool=True)

    async def run(
        self, submit: SubmitStep, save: SaveStep, timing: WorkerTiming, stop: asyncio.Event
    ) -> None:
        """Work on hints until `stop`; then steps under way have `timing.shutdown` seconds to end."""

        async def submit_message(_: dict[Any, Any], provider: str, sandbox: bool) -> None:
            await submit(provider, sandbox)

        async def save_message(_: dict[Any, Any], job_id: str) -> None:
            await save(job_id)

        steps = (
            _Reader(SUBMIT, func(submit_message, name="submit"), timing.submits_at_once, 0.05),  # type: ignore[arg-type]
            _Reader(SAVE, func(save_message, name="save"), timing.saves_at_once, 0.1),  # type: ignore[arg-type]
        )
        await asyncio.gather(*(_keep_reading(self.url, step, timing, stop) for step in steps))

    async def _send(self, queue: str, step: str, wakeup: Wakeup, after: float, *args: Any) -> None:
        try:
            await self._client.enqueue_job(
                step,
                *args,
                _job_id=f"{wakeup.job_id}:{wakeup.revision}",
                _queue_name=queue,
                _defer_by=after if after > 0 else None,
            )
        except (RedisError, OSError) as error:
            log.warning(
                "job %s: the queue is away (%s); the sweep will send the hint again",
                wakeup.job_id,
                type(error).__name__,
            )


class _Reader(msgspec.Struct, frozen=True):
    """One queue of messages: what runs them, how many at once, and how often it is asked (seconds)."""

    queue: str
    function: Function
    at_once: int
    poll_delay: float


async def _keep_reading(url: str, reader: _Reader, timing: WorkerTiming, stop: asyncio.Event) -> None:
    """arq's worker ends when the queue is away for long; then begin another, beside the steps that still run."""
    stopped = asyncio.create_task(stop.wait())
    ending: set[asyncio.Task[None]] = set()
    try:
        while not stop.is_set():
            worker = _worker(url, reader)
            running = asyncio.create_task(worker.async_run())
            await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if running.done() and not running.cancelled() and (error := running.exception()):
                log.warning("%s: the queue is away (%s); trying again", reader.queue, type(error).__name__)
            ending.add(asyncio.create_task(_end(worker, running, timing, stopped)))
            await asyncio.wait({stopped}, timeout=1.0)
            ending = {end for end in ending if not end.done()}
        await asyncio.gather(*ending)
    finally:
        stopped.cancel()


async def _end(
    worker: Worker, running: asyncio.Task[None], timing: WorkerTiming, stopped: asyncio.Task[Literal[True]]
) -> None:
    """Take no more messages and let the steps under way end: once we are stopped, within `timing.shutdown` seconds."""
    worker.allow_pick_jobs = False
    running.cancel()  # first of all: a question to the queue that is under way would begin steps that nobody ends
    await asyncio.wait({running}, timeout=0.5)
    steps = set(worker.tasks.values())
    left = asyncio.create_task(_all_done(steps))
    await asyncio.wait({left, stopped}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait({left}, timeout=timing.shutdown)
    for task in (left, *steps):
        task.cancel()
    # A canceled step still writes down what it knows; with the database away it must not keep us for ever.
    await asyncio.wait({left, running, *steps}, timeout=0.5)
    for task in (running, *steps):
        if task.done() and not task.cancelled():
            task.exception()
    await worker.pool.aclose(close_connection_pool=True)


async def _all_done(steps: set[asyncio.Task[Any]]) -> None:
    if steps:
        await asyncio.wait(steps)


def _worker(url: str, reader: _Reader) -> Worker:
    logging.getLogger("arq").setLevel(logging.WARNING)  # our own lines tell of every move
    return Worker(
        functions=[reader.function],
        queue_name=reader.queue,
        redis_pool=_connect(url, ExponentialBackoff(cap=2.0, base=0.1), tries=8, timeout=10.0),
        handle_signals=False,
        max_jobs=reader.at_once,
        job_timeout=STEP_LIMIT,
        keep_result=0,
        poll_delay=reader.poll_delay,
        job_serializer=msgspec.msgpack.encode,
        job_deserializer=msgspec.msgpack.decode,
    )


def _connect(url: str, backoff: AbstractBackoff, tries: int, timeout: float) -> ArqRedis:
    """Connects when it is first used, so that a queue that is away stops nobody from starting."""
    away: list[type[Exception]] = [RedisConnectionError, RedisTimeoutError, OSError]
    pool = ConnectionPool.from_url(
        url,
        retry=Retry(backoff, tries, supported_errors=tuple(away)),  # type: ignore[arg-type]
        retry_on_error=away,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
    )
    return ArqRedis(pool, job_serializer=msgspec.msgpack.encode, job_deserializer=msgspec.msgpack.decode)
