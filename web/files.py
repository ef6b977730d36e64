"""Files over HTTP: our static files, what people hand in, and finished videos.

GET  /static/{name}              style sheet, scripts, icons; kept for ever where ?v= is the file's hash
POST /video/uploads              a file from the page: {id, kind, width, height, seconds, bytes}
POST /api/video/uploads          the same for programs
GET  /video/uploads/{upload_id}  a file that was handed in, for its owner
GET  /inputs/{upload_id}         the same for a provider, by a signed address that lasts a day
GET  /media/{job_id}/{name}      a finished video or its poster, for its owner; ?download=1 to keep it

Sends one file of ours: streamed, seekable by HTTP Range, and not sent again while the browser's copy is right.

HTTP Range, as pure functions: which bytes of a file a request asks for (RFC 9110, sections 13 and 14).
"""

from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import PurePosixPath
from typing import Any

import msgspec
from litestar import HttpMethod, Response, get, post, route
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, MultipartBody
from litestar.response import Stream
from litestar.types import ControllerRouterHandler

from providers.http_range import ByteRange, NotModified, RangeNotSatisfiable, requested_range
from tasks.context import AppContext
from tasks.storage.store import CHUNK, Store, Stored
from tasks.storage.uploads import BadUpload, Upload
from web.errors import AnyRequest, ErrorAnswer, RequestRefused, answer, documented
from web.layout import our_assets
from web.security import MAX_UPLOAD_REQUEST


def send_file(
    request: AnyRequest, store: Store, stored: Stored, media_type: str, save_as: str = ""
) -> Response[Any]:
    """The file, a part of it, or that it has not changed. With `save_as` the browser stores it under that name."""
    size, etag, modified = stored.bytes, stored.etag, formatdate(stored.modified, usegmt=True)
    headers = {"accept-ranges": "bytes", "etag": etag, "last-modified": modified}
    if save_as:
        headers["content-disposition"] = f'attachment; filename="{save_as}"'
    if request.method == "HEAD":
        return Response(b"", headers={**headers, "content-length": str(size)}, media_type=media_type)
    match requested_range(request.headers, size=size, etag=etag, modified=modified):
        case NotModified():
            return Response(b"", status_code=304, headers=headers, media_type=media_type)
        case RangeNotSatisfiable():
            sentence = f"This file has {size} bytes, and the range asked for lies outside."
            return answer(416, "range_not_satisfiable", sentence, content_range=f"bytes */{size}")
        case ByteRange(first, last):
            headers["content-range"] = f"bytes {first}-{last}/{size}"
            chunks, length = store.read(stored.key, first, last + 1 - first), last + 1 - first
            return _stream(chunks, length, 206, headers, media_type)
        case _:
            return _stream(store.read(stored.key, 0, size), size, 200, headers, media_type)


def _stream(
    chunks: AsyncIterator[bytes], length: int, status: int, headers: dict[str, str], media_type: str
) -> Stream:
    return Stream(
        chunks,
        status_code=status,
        headers={**headers, "content-length": str(length)},
        media_type=media_type,
    )


GET_AND_HEAD = [HttpMethod.GET, HttpMethod.HEAD]
FOR_EVER = "public, max-age=31536000, immutable"
MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
    ".mpegts": "video/mp2t",
    ".flv": "video/x-flv",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
    ".flac": "audio/flac",
    ".aac": "audio/aac",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
OTHER_MEDIA = "application/octet-stream"  # a browser saves it; it was paid for, whatever it is


class FileForm(msgspec.Struct):
    """One file, as a form sends it."""

    file: UploadFile


class UploadAnswer(msgspec.Struct, frozen=True):
    """A stored file: width and height in pixels, seconds for video and sound, size in bytes."""

    id: str
    kind: str
    width: int | None
    height: int | None
    seconds: float | None
    bytes: int


@get("/static/{name:path}", include_in_schema=False)
async def static_file(request: AnyRequest, name: FromPath[str], v: FromQuery[str] = "") -> Response[bytes]:
    asset = our_assets().get(name.lstrip("/"))
    if asset is None:
        raise RequestRefused(404, "not_found", "There is no such file.")
    headers = {
        "cache-control": FOR_EVER if v == asset.digest else "no-cache",
        "etag": f'"{asset.digest}"',
        "vary": "accept-encoding",
    }
    if request.headers.get("if-none-match", "") == headers["etag"]:
        return Response(b"", status_code=304, headers=headers, media_type=asset.content_type)
    if asset.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(asset.gzipped, headers=headers, media_type=asset.content_type)
    return Response(asset.body, headers=headers, media_type=asset.content_type)


def on_no_file(_: AnyRequest, __: Exception) -> Response[ErrorAnswer]:
    return answer(
        422, "invalid_input", "Send exactly one file, in the form field `file`. Nothing was stored."
    )


UPLOAD_DOOR: dict[str, Any] = {
    "request_max_body_size": MAX_UPLOAD_REQUEST,
    "exception_handlers": {400: on_no_file, UnicodeDecodeError: on_no_file},
    "responses": {
        400: documented(ErrorAnswer, "The form cannot be read"),
        413: documented(ErrorAnswer, "Larger than any model takes"),
        422: documented(ErrorAnswer, "No file, or one that cannot be decoded"),
    },
}


@post("/api/video/uploads", summary="Hand in a file", tags=["uploads"], **UPLOAD_DOOR)
async def api_upload(
    data: MultipartBody[FileForm], context: NamedDependency[AppContext], owner: NamedDependency[str]
) -> UploadAnswer:
    """Store an image, video or sound. Its id can be given to a file field for 24 hours, longer once a job uses it."""
    return await _accept(context, owner, data.file)


@post("/video/uploads", include_in_schema=False, **UPLOAD_DOOR)
async def page_upload(
    data: MultipartBody[FileForm], context: NamedDependency[AppContext], owner: NamedDependency[str]
) -> UploadAnswer:
    return await _accept(context, owner, data.file)


@route("/video/uploads/{upload_id:str}", http_method=GET_AND_HEAD, include_in_schema=False)
async def serve_upload(
    request: AnyRequest,
    upload_id: FromPath[str],
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
) -> Response[Any]:
    found = await context.uploads.find(owner, upload_id)
    if found is None:
        raise RequestRefused(404, "not_found", "This file is not here any more: choose it again.")
    upload, stored = found
    return send_file(request, context.uploads.store, stored, upload.mime)


@route("/inputs/{upload_id:str}", http_method=GET_AND_HEAD, include_in_schema=False)
async def serve_input(
    request: AnyRequest,
    upload_id: FromPath[str],
    context: NamedDependency[AppContext],
    by: FromQuery[str] = "",
    until: FromQuery[int] = 0,
    sig: FromQuery[str] = "",
) -> Response[Any]:
    signed = context.signed.opens(by, upload_id, until, sig, context.jobs.clock())
    found = await context.uploads.find(by, upload_id) if signed else None
    if found is None:
        raise RequestRefused(404, "not_found", "There is no such file, or this address has expired.")
    upload, stored = found
    return send_file(request, context.uploads.store, stored, upload.mime)


@route("/media/{job_id:str}/{name:str}", http_method=GET_AND_HEAD, include_in_schema=False)
async def serve_media(
    request: AnyRequest,
    job_id: FromPath[str],
    name: FromPath[str],
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    download: FromQuery[str] = "",
) -> Response[Any]:
    job = await context.jobs.get(owner, job_id)
    stored = await context.media.find(job_id, name) if job else None
    suffix = PurePosixPath(name).suffix
    if job is None or stored is None:
        raise RequestRefused(404, "not_found", "There is no such file, or it is not yours.")
    save_as = f"{job.model}-{job.id[-8:]}{suffix}" if download not in ("", "0") else ""
    return send_file(request, context.media.store, stored, MEDIA_TYPES.get(suffix, OTHER_MEDIA), save_as)


async def _accept(context: AppContext, owner: str, file: UploadFile) -> UploadAnswer:
    accepted = await context.uploads.accept(owner, file.filename, read_chunks(file))
    await file.close()
    if isinstance(accepted, BadUpload):
        raise RequestRefused(422, "invalid_input", accepted.sentence)
    return upload_answer(accepted)


def upload_answer(upload: Upload) -> UploadAnswer:
    return msgspec.convert(upload, UploadAnswer, from_attributes=True)


async def read_chunks(file: UploadFile) -> AsyncIterator[bytes]:
    """The posted file, piece by piece: it may be larger than memory."""
    while chunk := await file.read(CHUNK):
        yield chunk


routes: list[ControllerRouterHandler] = [
    static_file,
    api_upload,
    page_upload,
    serve_upload,
    serve_input,
    serve_media,
]
