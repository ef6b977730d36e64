"""Files for a trial run, made to fit the limits of the fields that ask for them."""

import asyncio
import tempfile
import wave
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from models.spec.fields import Media
from providers.sandbox.video.render import Errand, render

if TYPE_CHECKING:
    from models.spec.schema import Spec
    from models.spec.values import JSON, Values
    from tasks.context import Parts

_RATE = 8000


async def with_files(parts: "Parts", spec: "Spec", values: "Values") -> "Values":
    """The values with a small file of ours for every address in a media field of the form."""
    for field in spec.fields:
        value = values.get(field.name)
        if not isinstance(field, Media) or value is None:
            continue
        if isinstance(value, list):
            values[field.name] = [await _upload(parts, field) for _ in value]
        else:
            values[field.name] = await _upload(parts, field)
    return values


async def _upload(parts: "Parts", field: Media) -> "JSON":
    from tasks.storage.uploads import BadUpload

    name, content = await asyncio.to_thread(_made, field)
    accepted = await parts.uploads.accept("trial", name, _once(content))
    if isinstance(accepted, BadUpload):
        raise RuntimeError(f"A file made for {field.name} was not taken: {accepted.sentence}")
    return accepted.id


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _made(field: Media) -> tuple[str, bytes]:
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


def _wants_jpeg(field: Media) -> bool:
    return bool(field.accept) and "png" not in field.accept


def _size(field: Media) -> tuple[int, int]:
    """16:9 at 720 lines, moved into the field's limits."""
    ratio = min(max(16 / 9, field.min_ratio or 0), field.max_ratio or 1000)
    height = min(max(720, field.min_height or 0), field.max_height or 100_000)
    width = min(max(round(height * ratio), field.min_width or 0), field.max_width or 100_000)
    return width // 2 * 2, height // 2 * 2


def _seconds(field: Media) -> float:
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
