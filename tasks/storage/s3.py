"""Files in a bucket of any storage that speaks S3, through obstore.

Keys come from the variables of AWS's own tools (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
AWS_REGION, AWS_ENDPOINT_URL); without them the machine's own role is used. Large files go up in parts and appear when
the last one is there; parts of an upload that was killed stay in the bucket until a lifecycle rule removes them.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.settings import SettingsError, StorageURL
from tasks.storage.store import StorageAway, Stored, has_room, remove_left_over, temporary

if TYPE_CHECKING:
    from obstore.store import S3Store


PIECE = 1024 * 1024  # bytes of one request while reading: a slow viewer holds no connection open
UPLOAD_PIECE = 8 * 1024 * 1024  # times 10,000, S3's most parts, is 80 GB
CONTENT_TYPES = {".mp4": "video/mp4", ".webm": "video/webm", ".jpg": "image/jpeg", ".png": "image/png"}


class S3Storage:
    """A `Store` with keys below one folder of the bucket."""

    def __init__(self, place: StorageURL, folder: str, environ: Mapping[str, str], incoming: Path) -> None:
        self.place = place
        self.folder = folder
        self.incoming = incoming
        self._store = _connect(place, folder, environ)

    @contextmanager
    def part(self) -> Iterator[Path]:
        with temporary(self.incoming) as path:
            yield path

    async def put(self, part: Path, key: str) -> None:
        import obstore

        kind = CONTENT_TYPES.get(Path(key).suffix, "application/octet-stream")
        with self._outage():
            await obstore.put_async(
                self._store,
                key,
                part,
                attributes={"Content-Type": kind},
                chunk_size=UPLOAD_PIECE,
                max_concurrency=4,
            )

    async def find(self, key: str) -> Stored | None:
        import obstore

        try:
            with self._outage():
                found = await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return None
        modified = found["last_modified"].timestamp()
        etag = found["e_tag"] or f'"{modified:.0f}-{found["size"]:x}"'
        return Stored(key, found["size"], modified, etag)

    async def read(self, key: str, first: int, length: int) -> AsyncIterator[bytes]:
        import obstore

        while length > 0:
            size = min(PIECE, length)
            with self._outage():
                piece = await obstore.get_range_async(self._store, key, start=first, length=size)
            first, length = first + size, length - size
            yield bytes(piece)

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path | None]:
        found = await self.find(key)
        if found is None:
            yield None
            return
        with self.part() as path:
            with path.open("wb") as file:
                async for piece in self.read(key, 0, found.bytes):
                    await asyncio.to_thread(file.write, piece)
            yield path

    async def delete(self, *keys: str) -> None:
        import obstore

        if keys:
            with self._outage():
                await obstore.delete_async(self._store, list(keys))

    async def delete_below(self, prefix: str) -> None:
        import obstore

        with self._outage():
            async for found in obstore.list(self._store, prefix):
                await obstore.delete_async(self._store, [each["path"] for each in found])

    async def is_empty(self) -> bool:
        import obstore

        with self._outage():
            async for found in obstore.list(self._store, chunk_size=1):
                if found:
                    return False
        return True

    def has_room(self) -> bool:
        """A bucket has room; what is asked is whether this machine can hold a video on its way there."""
        return has_room(self.incoming)

    def tidy(self) -> None:
        remove_left_over(self.incoming)

    async def check(self) -> None:
        """Ask the bucket something; `SettingsError` where it does not answer as ours."""
        try:
            await self.is_empty()
        except OSError as error:
            raise SettingsError(
                f"The storage s3://{self.place.bucket} cannot be used ({error}): check SHOTLIST_STORAGE_URL "
                "and AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION."
            ) from error

    @contextmanager
    def _outage(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, TimeoutError) as error:
            raise StorageAway(_clause(error)) from error


def _connect(place: StorageURL, folder: str, environ: Mapping[str, str]) -> "S3Store":
    from obstore.store import S3Store

    # Without an answer a request ends soon, for whoever asked tries again by itself or is a person who waits.
    endpoint = place.endpoint or environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or ""
    region = place.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    named = {
        "endpoint": endpoint,
        "access_key_id": environ.get("AWS_ACCESS_KEY_ID", ""),
        "secret_access_key": environ.get("AWS_SECRET_ACCESS_KEY", ""),
        "session_token": environ.get("AWS_SESSION_TOKEN", ""),
    }
    return S3Store(
        place.bucket,
        prefix=f"{place.prefix}/{folder}".strip("/"),
        region=region,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": "5s",
            "timeout": "60s",
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
        **{name: value for name, value in named.items() if value},  # type: ignore[arg-type]
    )


def _clause(error: Exception) -> str:
    """The storage's own code where it names one ("NoSuchBucket"), else the first line of what the client says."""
    text = str(error)
    code = text.partition("<Code>")[2].partition("</Code>")[0]
    return code or text.partition("\n")[0].rpartition(": ")[2].strip()[:200] or type(error).__name__
