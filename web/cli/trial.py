"""A trial run of one model: a real worker, queue and database in a temporary folder, against the sandbox, unbilled."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from tasks.settings import Settings
from web.sandbox import Sandbox

if TYPE_CHECKING:
    from models.spec.schema import Spec
    from models.spec.values import Values
    from tasks.context import Parts
    from tasks.jobs.model import Job

SECONDS = 600.0  # a slow machine takes a minute for a long clip in 4K
SPEED = 10.0
_LOOK_EVERY = 0.01


class Outcome(Struct, frozen=True):
    """How a trial ended: `job` as it rests, None where there was none; `sentence` is for people."""

    job: "Job | None"
    sentence: str

    @property
    def succeeded(self) -> bool:
        return self.job is not None and self.job.state == "succeeded" and bool(self.job.outputs)


def try_model(settings: Settings, spec: "Spec", tell: Callable[[str], None]) -> Outcome:
    """Order the spec's first example and see it through; `tell` gets a line for every state.

    Nobody is billed: the run has no provider's key and a data folder of its own.
    """
    with tempfile.TemporaryDirectory(prefix="shotlist-trial-") as folder:
        own = _apart(settings, Path(folder))
        sandbox = Sandbox(own)
        try:
            return asyncio.run(_run(own, sandbox, spec, tell))
        finally:
            sandbox.end()


def _apart(settings: Settings, folder: Path) -> Settings:
    """The same models and providers; everything else belongs to the trial."""
    return structs.replace(
        settings,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'trial.sqlite'}",
        redis_url="",
        storage_url="",
        public_url="",
        sandbox_url="",
        sandbox_speed=SPEED,
        environ={},
    )


async def _run(settings: Settings, sandbox: Sandbox, spec: "Spec", tell: Callable[[str], None]) -> Outcome:
    from tasks.context import build_parts
    from tasks.embedded import EmbeddedQueue
    from tasks.worker.run import run_worker
    from web.cli.trial_files import with_files

    async with AsyncExitStack() as stack:
        queue = EmbeddedQueue(settings.data_dir)
        stack.push_async_callback(queue.stop)
        await queue.start()
        company = await _company(settings, sandbox, spec.provider, stack, tell)
        answered = structs.replace(settings, sandbox_url=company)  # given by us, it is asked for any provider
        parts = await build_parts(answered, queue_url=queue.url, sandbox_url=company)
        stack.push_async_callback(parts.close)
        values = await with_files(parts, spec, dict(spec.examples[0].inputs))
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as loops:
            loops.create_task(run_worker(parts, stop, alone=True))
            try:
                return await _see_through(parts, spec, values, tell)
            finally:
                stop.set()


async def _company(
    settings: Settings, sandbox: Sandbox, provider: str, stack: AsyncExitStack, tell: Callable[[str], None]
) -> str:
    """Who answers: the sandbox where it speaks this protocol, else the wire description itself."""
    from providers.description.catalogue import Wires
    from providers.sandbox import SPOKEN
    from web.cli.standin import stand_in

    wire = Wires(settings.providers_dirs).get(provider)
    if provider in SPOKEN or wire is None:
        return sandbox.url
    tell(
        f"The sandbox does not speak {provider}: a stand-in made from {provider}.toml answers. It shows that the file "
        "fits together, not that the company works so."
    )
    return await stack.enter_async_context(stand_in(wire, settings.data_dir))


async def _see_through(
    parts: "Parts", spec: "Spec", values: "Values", tell: Callable[[str], None]
) -> Outcome:
    from tasks.create_job import Invalid, Placed, place

    placed = await place(parts, owner="trial", model=spec.key, values=values, from_form=False)
    if not isinstance(placed, Placed):
        told = "; ".join(placed.errors.values()) if isinstance(placed, Invalid) else placed.sentence
        return Outcome(None, told)
    job, deadline = placed.job, time.monotonic() + SECONDS
    tell(_line(job))
    while time.monotonic() < deadline:
        seen = await parts.jobs.get("trial", job.id)
        if seen is None:
            return Outcome(None, "The job is gone.")
        if _line(seen) != _line(job):
            tell(_line(seen))
        job = seen
        if not job.live:
            return Outcome(job, _ended(job))
        await asyncio.sleep(_LOOK_EVERY)
    return Outcome(job, f"It was still {job.state} after {SECONDS:g} s.")


def _line(job: "Job") -> str:
    progress = f" {job.progress:.0%}" if job.state == "processing" and job.progress is not None else ""
    return f"{job.state}{progress}"


def _ended(job: "Job") -> str:
    if job.error:
        return job.error.sentence
    made = ", ".join(
        f"{each.width}×{each.height}, {each.duration or 0:g} s, {each.bytes} bytes of {each.format}"
        for each in job.outputs
    )
    notes = [each.note for each in job.outputs if each.note]
    return " ".join([f"Complete: {made}.", *notes]) if made else "It ended without a video."
