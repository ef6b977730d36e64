"""A trial run of one model: a real worker, queue and database in a temporary folder, against the sandbox, unbilled.

Files for a trial run, made to fit the limits of the fields that ask for them.

The stand-in for a provider that the sandbox does not speak, on a port of this machine while a trial lasts.
"""

import asyncio
import socket
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, structs
from PIL import Image

from models.spec.fields import MediaField
from providers.asgi_server import AsgiServer
from providers.description.schema import ProviderDescription
from providers.generic_mock import GenericMock
from providers.sandbox.video.render import Errand, render
from tasks.settings import Settings
from web.processes import Sandbox

if TYPE_CHECKING:
    from models.spec.schema import Spec
    from models.spec.values import JSON, Values
    from tasks.context import AppContext
    from tasks.jobs.model import Job


_RATE = 8000


async def with_files(context: "AppContext", spec: "Spec", values: "Values") -> "Values":
    """The values with a small file of ours for every address in a media field of the form."""
    for field in spec.fields:
        value = values.get(field.name)
        if not isinstance(field, MediaField) or value is None:
            continue
        if isinstance(value, list):
            values[field.name] = [await _upload(context, field) for _ in value]
        else:
            values[field.name] = await _upload(context, field)
    return values


async def _upload(context: "AppContext", field: MediaField) -> "JSON":
    from tasks.storage.uploads import BadUpload

    name, content = await asyncio.to_thread(_made, field)
    accepted = await context.uploads.accept("trial", name, _once(content))
    if isinstance(accepted, BadUpload):
        raise RuntimeError(f"A file made for {field.name} was not taken: {accepted.sentence}")
    return accepted.id


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _made(field: MediaField) -> tuple[str, bytes]:
    match field.media_kind:
        case "audio":
            return "trial.wav", _silence(_seconds(field))
        case "video":
            return "trial.mp4", _clip(_size(field), _seconds(field))
    return (
        ("trial.jpg", _picture(_size(field), "JPEG"))
        if _wants_jpeg(field)
        else (
            "trial.png",
            _picture(_size(field), "PNG"),
        )
    )


def _wants_jpeg(field: MediaField) -> bool:
    return bool(field.accept) and "png" not in field.accept


def _size(field: MediaField) -> tuple[int, int]:
    """16:9 at 720 lines, moved into the field's limits."""
    ratio = min(max(16 / 9, field.min_ratio or 0), field.max_ratio or 1000)
    height = min(max(720, field.min_height or 0), field.max_height or 100_000)
    width = min(max(round(height * ratio), field.min_width or 0), field.max_width or 100_000)
    return width // 2 * 2, height // 2 * 2


def _seconds(field: MediaField) -> float:
    return min(max(3.0, float(field.min_seconds or 0)), float(field.max_seconds or 1000))


def _picture(size: tuple[int, int], form: str) -> bytes:
    file = BytesIO()
    Image.linear_gradient("L").convert("RGB").resize(size).save(file, form)
    return file.getvalue()


def _clip(size: tuple[int, int], seconds: float) -> bytes:
    body = {"width": size[0], "height": size[1], "duration": seconds}
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "trial.mp4"
        render(Errand("trial", body, "A trial", None, str(to)))
        return to.read_bytes()


def _silence(seconds: float) -> bytes:
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(b"\0\0" * int(_RATE * seconds))
    return file.getvalue()


Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]


@asynccontextmanager
async def stand_in(description: ProviderDescription, folder: Path) -> AsyncIterator[str]:
    """Its origin, under which the provider has the prefix of its name, as with the sandbox."""
    clip = folder / "clip.mp4"
    await asyncio.to_thread(
        render, Errand(description.name, {"duration": 2, "resolution": "360p"}, "A stand-in", None, str(clip))
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        company = _App(
            GenericMock(description, f"{origin}/{description.name}"), description.name, clip.read_bytes()
        )
        server, stop = (
            AsgiServer(company, listener, lifespan="off", timeout_graceful_shutdown=1),
            asyncio.Event(),
        )
        serving = asyncio.create_task(server.run_until(stop))
        try:
            yield origin
        finally:
            stop.set()
            await serving


class _App:
    def __init__(self, company: GenericMock, name: str, clip: bytes) -> None:
        self.company = company
        self.prefix = f"/{name}"
        self.clip = clip

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        answer = self.company.answer(scope["method"], scope["path"].removeprefix(self.prefix))
        kind = b"video/mp4" if answer.is_clip else b"application/json"
        body = self.clip if answer.is_clip else msgspec.json.encode(answer.document)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


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
    from tasks.context import build_context
    from tasks.embedded import EmbeddedQueue
    from tasks.worker.run import run_worker

    async with AsyncExitStack() as stack:
        queue = EmbeddedQueue(settings.data_dir)
        stack.push_async_callback(queue.stop)
        await queue.start()
        company = await _company(settings, sandbox, spec.provider, stack, tell)
        answered = structs.replace(settings, sandbox_url=company)  # given by us, it is asked for any provider
        context = await build_context(answered, queue_url=queue.url, sandbox_url=company)
        stack.push_async_callback(context.close)
        values = await with_files(context, spec, dict(spec.examples[0].inputs))
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as loops:
            loops.create_task(run_worker(context, stop, alone=True))
            try:
                return await _see_through(context, spec, values, tell)
            finally:
                stop.set()


async def _company(
    settings: Settings, sandbox: Sandbox, provider: str, stack: AsyncExitStack, tell: Callable[[str], None]
) -> str:
    """Who answers: the sandbox where it speaks this protocol, else the wire description itself."""
    from providers.description.catalogue import DescriptionCatalogue
    from providers.sandbox import SPOKEN

    wire = DescriptionCatalogue(settings.providers_dirs).get(provider)
    if provider in SPOKEN or wire is None:
        return sandbox.url
    tell(
        f"The sandbox does not speak {provider}: a stand-in made from {provider}.toml answers. It shows that the file "
        "fits together, not that the company works so."
    )
    return await stack.enter_async_context(stand_in(wire, settings.data_dir))


async def _see_through(
    context: "AppContext", spec: "Spec", values: "Values", tell: Callable[[str], None]
) -> Outcome:
    from tasks.create_job import JobCreated, JobRequest, create_job

    wanted = JobRequest(owner="trial", model=spec.key, values=values, from_form=False)
    placed = await create_job(context, wanted)
    if not isinstance(placed, JobCreated):
        return Outcome(None, placed.sentence)
    job, deadline = placed.job, time.monotonic() + SECONDS
    tell(_line(job))
    while time.monotonic() < deadline:
        seen = await context.jobs.get("trial", job.id)
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
