"""Files that come as a part of a form, kept for the jobs that name them."""

import time
from collections.abc import Collection
from pathlib import Path
from uuid import uuid4

from providers.sandbox.asgi import FileAnswer, Reply, text_answer
from providers.sandbox.forms import read_form
from providers.sandbox.store import StoredFile
from providers.sandbox.wire import Call, route


def keep_part(call: Call, name: str, file_id: str = "", *, also: Collection[str] = ()) -> StoredFile | None:
    """Keeps the file in the part `name`; None when the form lacks it, or one of the parts in `also`."""
    parts = read_form(call.request.headers.get("content-type", ""), call.request.body)
    named = {part.name: part for part in parts}
    if name not in named or not set(also) <= set(named):
        return None
    part = named[name]
    return keep_bytes(call, part.data, part.filename, part.content_type, file_id)


def keep_bytes(call: Call, data: bytes, name: str, content_type: str = "", file_id: str = "") -> StoredFile:
    """Keeps `data` as an uploaded file of the wire; an id is made when none is given."""
    file = StoredFile(
        id=file_id or uuid4().hex,
        provider=call.provider,
        name=Path(name).name or "file",
        content_type=content_type or "application/octet-stream",
        stored=call.sandbox.inputs.keep(data),
        bytes=len(data),
        created_at=time.time(),
    )
    call.sandbox.store.add_file(file)
    return file


def upload_link(call: Call, file: StoredFile) -> str:
    """Where an uploaded file can be read."""
    return f"{call.request.base}/files/{file.id}/{file.name}"


async def send_upload(call: Call) -> Reply:
    """GET files/{id}/{name}; needs no key."""
    file = call.sandbox.store.file(call.at["id"])
    path = call.sandbox.inputs.path(file.stored) if file else None
    return (
        FileAnswer(path, file.content_type) if file and path else text_answer(404, "There is no such file.")
    )


UPLOAD_ROUTE = route("GET", "/files/{id}/{name}", send_upload, open=True)
