"""fal's file storage: a token and a raw upload, or an address that takes a PUT."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from providers.sandbox.asgi import Reply, json_answer
from providers.sandbox.store import StoredFile
from providers.sandbox.uploads import UPLOAD_ROUTE, keep_bytes, upload_link
from providers.sandbox.wire import Call, route

TOKEN_HOURS = 1


async def token(call: Call) -> Reply:
    """POST storage/auth/token: a short-lived token for the file host."""
    expires = (datetime.now(UTC) + timedelta(hours=TOKEN_HOURS)).isoformat()
    answer = {"token": f"sandbox-{uuid4().hex}", "token_type": "Bearer", "base_url": call.request.base}
    return json_answer(200, {**answer, "expires_at": expires})


async def upload(call: Call) -> Reply:
    """POST files/upload with that token: the body is the file."""
    kind, _, value = call.request.headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or not value:
        return json_answer(401, {"detail": "An upload needs the token of storage/auth/token."})
    file = _keep(call, call.request.headers.get("x-fal-file-name", "file"))
    return json_answer(200, {"access_url": upload_link(call, file)})


async def initiate(call: Call) -> Reply:
    """POST storage/upload/initiate: where to PUT the file, and where it will be."""
    if not call.given:
        return json_answer(422, {"detail": "The body is no JSON object."})
    name = Path(str(call.given.get("file_name") or "file")).name
    address = f"{call.request.base}/files/{uuid4().hex}/{name}"
    return json_answer(200, {"upload_url": address, "file_url": address})


async def put(call: Call) -> Reply:
    """PUT files/{id}/{name}: the address itself is the permission."""
    _keep(call, call.at["name"], call.at["id"])
    return json_answer(200, {})


def _keep(call: Call, name: str, file_id: str = "") -> StoredFile:
    return keep_bytes(call, call.request.body, name, call.request.headers.get("content-type", ""), file_id)


STORAGE_ROUTES = (
    route("POST", "/storage/auth/token", token),
    route("POST", "/storage/upload/initiate", initiate),
    route("POST", "/files/upload", upload, open=True),
    route("PUT", "/files/{id}/{name}", put, open=True),
    UPLOAD_ROUTE,
)
