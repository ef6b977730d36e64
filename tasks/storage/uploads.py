"""What people hand in: files accepted after they were decoded, kept for their owner, and measured once.

Addresses under which a provider may read one upload for a while: signed, so that nothing else opens with them.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from models.spec.values import MediaFacts
from tasks.database.tables import JobUploadTable
from tasks.database.tables import UploadTable as UploadRow
from tasks.storage.media import Probed, UnreadableMedia, probe
from tasks.storage.store import StorageAway, Store, Stored

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
    """Files in a store, a row each. Every question names the owner; another's file does not exist."""

    def __init__(self, store: Store, max_bytes: int = MAX_UPLOAD_BYTES) -> None:
        self.store = store
        self.max_bytes = max_bytes

    async def accept(self, owner: str, name: str, chunks: AsyncIterator[bytes]) -> Upload | BadUpload:
        """Store a file that decodes; one that does not leaves nothing behind. `StorageAway`: it could not be stored."""
        shown = Path(name.replace("\\", "/")).name[:120] or "file"
        if not self.store.has_room():
            raise StorageAway("the disk is nearly full")
        with self.store.part() as part:
            try:
                return await self._take(owner, shown, part, chunks)
            except OSError as error:
                raise StorageAway(error.strerror or str(error)) from error

    async def _take(
        self, owner: str, shown: str, part: Path, chunks: AsyncIterator[bytes]
    ) -> Upload | BadUpload:
        size = await self._receive(part, chunks)
        if size is None:
            return BadUpload(f"{shown} is larger than {self.max_bytes // 1024**2} MB: choose a smaller file.")
        if size == 0:
            return BadUpload(f"{shown} is empty: choose another file.")
        found = await asyncio.to_thread(probe, part)
        if isinstance(found, UnreadableMedia):
            return BadUpload(f"{shown} {found.reason}: choose another file.")
        upload = _upload("up_" + secrets.token_urlsafe(16), shown, size, found)
        await self.store.put(part, upload.id)
        await self._insert(owner, upload)
        return upload

    async def get(self, owner: str, upload_id: str) -> Upload | None:
        found = await self._rows(owner, [upload_id])
        return found[0] if found else None

    async def facts(self, owner: str, refs: Iterable[str]) -> dict[str, MediaFacts]:
        """The measures of those of `refs` that are uploads of this owner and still here."""
        return {upload.id: upload.facts for upload in await self._rows(owner, refs)}

    async def find(self, owner: str, upload_id: str) -> tuple[Upload, Stored] | None:
        """The upload and its file."""
        upload = await self.get(owner, upload_id)
        stored = await self.store.find(upload_id) if upload else None
        return (upload, stored) if upload and stored else None

    async def same(self, owner: str, one: str, other: str) -> bool:
        """Whether two uploads of this owner hold the same bytes; what is gone is like nothing."""
        found = [await self.find(owner, upload_id) for upload_id in (one, other)]
        stored = [each[1] for each in found if each]
        if len(stored) < 2 or stored[0].bytes != stored[1].bytes:
            return False
        first, second = [await self._sha256(each) for each in stored]
        return first == second

    @asynccontextmanager
    async def local(self, owner: str, upload_id: str) -> AsyncIterator[tuple[Upload, Path] | None]:
        """The upload, and its file as a path of this machine for as long as the block lasts."""
        upload = await self.get(owner, upload_id)
        if upload is None:
            yield None
            return
        async with self.store.local(upload_id) as path:
            yield (upload, path) if path else None

    async def sweep(self, now: float) -> int:
        """Remove files that no job has used for a day; returns how many."""
        used = JobUploadTable.select(JobUploadTable.upload)
        orphans = await UploadRow.select(UploadRow.id).where(
            (UploadRow.created_at < now - ORPHAN_SECONDS) & UploadRow.id.not_in(used)
        )
        ids = [row["id"] for row in orphans]
        if ids:
            await UploadRow.delete().where(UploadRow.id.is_in(ids))
        await self.store.delete(*ids)
        return len(ids)

    async def _sha256(self, stored: Stored) -> bytes:
        whole = hashlib.sha256()
        async for chunk in self.store.read(stored.key, 0, stored.bytes):
            whole.update(chunk)
        return whole.digest()

    async def _insert(self, owner: str, upload: Upload) -> None:
        """A file without a row would stay for ever."""
        row = UploadRow(owner=owner, created_at=time.time(), **msgspec.to_builtins(upload))
        try:
            await UploadRow.insert(row)
        except BaseException:
            await self.store.delete(upload.id)
            raise

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


PATH = "/inputs"
LASTS = 24 * 3600.0  # seconds; a provider may queue a job for hours before it reads its inputs


class SignedURLs(Struct, frozen=True):
    """`public` is where providers reach this server ("" if they cannot), `local` where the sandbox does."""

    secret: str
    public: str
    local: str

    def address(self, owner: str, upload_id: str, now: float, *, sandbox: bool) -> str:
        """For a provider or its sandbox; "" where it could not read it."""
        base = self.local if sandbox else self.public
        if not base:
            return ""
        until = int(now + LASTS)
        query = {"by": owner, "until": until, "sig": self._signature(owner, upload_id, until)}
        return f"{base}{PATH}/{upload_id}?{urlencode(query)}"

    def opens(self, owner: str, upload_id: str, until: int, signature: str, now: float) -> bool:
        """Whether this address was made by us, for this file, and still lasts."""
        made = self._signature(owner, upload_id, until)
        return until > now and hmac.compare_digest(made.encode(), signature.encode())

    def _signature(self, owner: str, upload_id: str, until: int) -> str:
        told = f"input\n{owner}\n{upload_id}\n{until}"
        return urlsafe_b64encode(hmac.digest(self.secret.encode(), told.encode(), "sha256")[:24]).decode()
