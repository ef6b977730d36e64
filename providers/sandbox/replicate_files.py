"""Replicate's file API: what is uploaded here can be named as an input."""

import hashlib
from typing import Any

from providers.sandbox.asgi import Answer, FileAnswer, Reply, json_answer
from providers.sandbox.inputs import KEEP_SECONDS
from providers.sandbox.store import StoredFile
from providers.sandbox.timeline import iso
from providers.sandbox.uploads import keep_part
from providers.sandbox.wire import Call, route


async def create(call: Call) -> Reply:
    """POST files: a form with the part `content`."""
    file = keep_part(call, "content")
    if file is None:
        said = "The form has no part named content."
        return json_answer(400, {"title": "Bad request", "detail": said, "status": 400})
    return json_answer(201, _document(call, file))


async def show(call: Call) -> Reply:
    """GET files/{id}."""
    file = call.sandbox.store.file(call.at["id"])
    return json_answer(200, _document(call, file)) if file else _missing()


async def listing(call: Call) -> Reply:
    """GET files, newest first."""
    results = [_document(call, file) for file in call.sandbox.store.files(call.provider)]
    return json_answer(200, {"previous": None, "next": None, "results": results})


async def remove(call: Call) -> Reply:
    """DELETE files/{id}."""
    return Answer(204) if call.sandbox.store.remove_file(call.at["id"]) else _missing()


async def download(call: Call) -> Reply:
    """GET files/{id}/download: the bytes themselves."""
    file = call.sandbox.store.file(call.at["id"])
    path = call.sandbox.inputs.path(file.stored) if file else None
    return FileAnswer(path, file.content_type) if file and path else _missing()


def _document(call: Call, file: StoredFile) -> dict[str, Any]:
    path = call.sandbox.inputs.path(file.stored)
    digest = hashlib.sha256(path.read_bytes() if path else b"").hexdigest()
    return {
        "id": file.id,
        "name": file.name,
        "content_type": file.content_type,
        "size": file.bytes,
        "etag": digest[:32],
        "checksums": {"sha256": digest},
        "metadata": {},
        "created_at": iso(file.created_at),
        "expires_at": iso(file.created_at + KEEP_SECONDS),
        "urls": {"get": f"{call.request.base}/v1/files/{file.id}"},
    }


def _missing() -> Answer:
    return json_answer(
        404, {"title": "Not found", "detail": "The requested file could not be found.", "status": 404}
    )


FILE_ROUTES = (
    route("POST", "/v1/files", create),
    route("GET", "/v1/files", listing),
    route("GET", "/v1/files/{id}", show),
    route("DELETE", "/v1/files/{id}", remove),
    route("GET", "/v1/files/{id}/download", download),
)
