"""What people hand in: files accepted after they were decoded, kept for their owner, and measured once."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import msgspec

from models.values import MediaFacts
from tasks.probe import Probed, Unreadable, probe
from tasks.tables import JobUpload
from tasks.tables import Upload as UploadRow

MAX_UPLOAD_BYTES = 512 * 1024**2  # the largest limit in the catalogue's facts is 500 MB of video
ORPHAN_SECONDS = 24 * 3600

MIMES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "aac": "audio/aac",
}


class Upload(msgspec.Struct, frozen=True):
    """A stored file: width and height in pixels as shown, seconds for video and sound, size in bytes."""

    id: str
    kind: str
    name: str
    mime: str
    format: str
    width: int | None
    height: int | None
    seconds: float | None
    bytes: int

    @property
    def facts(self) -> MediaFacts:
        return MediaFacts(
            kind=self.kind,
            megabytes=self.bytes / 1_000_000,
            width=self.width,
            height=self.height,
            seconds=self.seconds,
            format=self.format,
        )


class BadUpload(msgspec.Struct, frozen=True):
    """Why a file was not taken: a sentence for people."""

    sentence: str


class Uploads:
    """Files below one folder, a row each. Every question names the owner; another's file does not exist."""

    def __init__(self, folder: Path, max_bytes: int = MAX_UPLOAD_BYTES) -> None:
        self.folder = folder
        self.max_bytes = max_bytes

    async def accept(self, owner: str, name: str, chunks: AsyncIterator[bytes]) -> Upload | BadUpload:
        """Store a file that decodes; one that does not leaves nothing behind."""
        self.folder.mkdir(parents=True, exist_ok=True)
        upload_id = "up_" + secrets.token_urlsafe(16)
        part = self.folder / f"{upload_id}.part"
        shown = Path(name.replace("\\", "/")).name[:120] or "file"
        try:
            size = await self._receive(part, chunks)
            if size is None:
                return BadUpload(
                    f"{shown} is larger than {self.max_bytes // 1024**2} MB: choose a smaller file."
                )
            if size == 0:
                return BadUpload(f"{shown} is empty: choose another file.")
            found = await asyncio.to_thread(probe, part)
            if isinstance(found, Unreadable):
                return BadUpload(f"{shown} {found.reason}: choose another file.")
            upload = _upload(upload_id, shown, size, found)
            part.replace(self.folder / upload_id)
            await UploadRow.insert(
                UploadRow(owner=owner, created_at=time.time(), **msgspec.to_builtins(upload))
            )
            return upload
        finally:
            part.unlink(missing_ok=True)

    async def get(self, owner: str, upload_id: str) -> Upload | None:
        found = await self._rows(owner, [upload_id])
        return found[0] if found else None

    async def facts(self, owner: str, refs: Iterable[str]) -> dict[str, MediaFacts]:
        """The measures of those of `refs` that are uploads of this owner and still here."""
        return {upload.id: upload.facts for upload in await self._rows(owner, refs)}

    async def path(self, owner: str, upload_id: str) -> Path | None:
        upload = await self.get(owner, upload_id)
        path = self.folder / upload_id
        return path if upload and path.is_file() else None

    async def sweep(self, now: float) -> int:
        """Remove files that no job has used for a day; returns how many."""
        used = JobUpload.select(JobUpload.upload)
        orphans = await UploadRow.select(UploadRow.id).where(
            (UploadRow.created_at < now - ORPHAN_SECONDS) & UploadRow.id.not_in(used)
        )
        ids = [row["id"] for row in orphans]
        if ids:
            await UploadRow.delete().where(UploadRow.id.is_in(ids))
        for upload_id in ids:
            (self.folder / upload_id).unlink(missing_ok=True)
        return len(ids)

    async def _rows(self, owner: str, refs: Iterable[str]) -> list[Upload]:
        ids = [ref for ref in refs if ref.startswith("up_")]
        if not ids:
            return []
        rows = await UploadRow.select().where((UploadRow.owner == owner) & UploadRow.id.is_in(ids))
        return [msgspec.convert(row, Upload) for row in rows]

    async def _receive(self, part: Path, chunks: AsyncIterator[bytes]) -> int | None:
        size = 0
        with part.open("wb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > self.max_bytes:
                    return None
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return size


def _upload(upload_id: str, name: str, size: int, found: Probed) -> Upload:
    return Upload(
        id=upload_id,
        kind=found.kind,
        name=name,
        mime=MIMES.get(found.format, f"{found.kind}/{found.format}"),
        format=found.format,
        width=found.width,
        height=found.height,
        seconds=found.duration,
        bytes=size,
    )
