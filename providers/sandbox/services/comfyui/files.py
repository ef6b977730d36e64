"""The files of a ComfyUI server: what is uploaded into it, and what its nodes save, by name and folder."""

import hashlib
import struct
import time
import zlib
from pathlib import PurePosixPath
from typing import Any

from providers.sandbox.server.asgi import Answer, FileAnswer, Part, Reply, json_answer, read_form, text_answer
from providers.sandbox.service import Call, send_clip
from providers.sandbox.services.comfyui.graph import SAVERS, STILLS, Graph, inputs_of
from providers.sandbox.store import Job, Store, StoredFile

FOLDERS = ("input", "output", "temp")
BIGGEST = 100 * 1024 * 1024
STILL_SIZE = (64, 36)
CRASH = "500 Internal Server Error\n\nServer got itself in trouble"


def file_id(folder: str, subfolder: str, name: str) -> str:
    """How a file is kept: by its folder and its path below."""
    return f"comfyui:{folder}:{PurePosixPath(subfolder) / name}"


def uploaded(store: Store, path: str) -> StoredFile | None:
    """The uploaded file that a node names, as `name` or `subfolder/name`."""
    return store.file(file_id("input", "", path))


async def upload(call: Call) -> Reply:
    """POST upload/image: a form with the part `image`; the answer's name is the one to use."""
    if len(call.request.body) > BIGGEST:
        return text_answer(413, f"Maximum request body size {BIGGEST} exceeded.")
    parts = {
        part.name: part for part in read_form(call.request.headers.get("content-type", ""), call.request.body)
    }
    said = {name: part.data.decode("utf-8", "replace") for name, part in parts.items() if name != "image"}
    folder, subfolder = said.get("type") or "input", said.get("subfolder", "")
    if folder not in FOLDERS:
        return text_answer(500, CRASH)
    if "image" not in parts or not parts["image"].filename or ".." in PurePosixPath(subfolder).parts:
        return Answer(400)
    name = _keep(call, folder, subfolder, parts["image"], overwrite=said.get("overwrite") in ("true", "1"))
    return json_answer(200, {"name": name, "subfolder": subfolder, "type": folder})


def _keep(call: Call, folder: str, subfolder: str, part: Part, *, overwrite: bool) -> str:
    """Keeps the file, under another name where its own is taken by other bytes."""
    sandbox, asked = call.sandbox, PurePosixPath(part.filename.replace("\\", "/"))
    stored, name, number = sandbox.inputs.keep(part.data), asked.name, 0
    while (
        not overwrite
        and (kept := sandbox.store.file(file_id(folder, subfolder, name)))
        and kept.stored != stored
    ):
        number += 1
        name = f"{asked.stem} ({number}){asked.suffix}"
    file = StoredFile(
        file_id(folder, subfolder, name),
        call.provider,
        name,
        part.content_type,
        stored,
        len(part.data),
        time.time(),
    )
    sandbox.store.add_file(file)
    return name


def plan_outputs(store: Store, job_id: str, graph: Graph, outputs: list[str]) -> dict[str, Any]:
    """The files that a run will have saved, as history lists them: a prefix, a counter, an underscore."""
    return {node_id: _planned(store, job_id, graph[node_id]) for node_id in outputs}


def _planned(store: Store, job_id: str, node: dict[str, Any]) -> dict[str, Any]:
    kind = str(node["class_type"])
    shown = kind == "PreviewImage"
    path = PurePosixPath(
        "ComfyUI_temp" if shown else str(inputs_of(node).get("filename_prefix") or "ComfyUI")
    )
    folder = "temp" if shown else "output"
    suffix = (SAVERS | STILLS)[kind]
    number = store.attempt(f"comfyui-file:{path}.{suffix}", time.time()) + 1
    name = f"{path.name}_{number:05}_.{suffix}"
    subfolder = "" if path.parent == PurePosixPath(".") else str(path.parent)
    store.put(file_id(folder, subfolder, name), job_id)
    file = {"filename": name, "subfolder": subfolder, "type": folder}
    if kind == "VHS_VideoCombine":
        return {"gifs": [{**file, "format": "video/h264-mp4"}]}
    return {"images": [file], **({"animated": [True]} if kind in SAVERS else {})}


def saved_by(call: Call) -> Job | None:
    """The run that saved the file which a view names."""
    query = call.request.query
    place = file_id(query.get("type", "output"), query.get("subfolder", ""), query.get("filename", ""))
    job_id = call.sandbox.store.text(place)
    return call.sandbox.store.job(call.provider, job_id) if job_id else None


async def view(call: Call) -> Reply:
    """GET view?filename=…&subfolder=…&type=output. Whatever saved a video, its bytes are H.264 in MP4."""
    query = call.request.query
    name, subfolder, folder = (
        query.get("filename", ""),
        query.get("subfolder", ""),
        query.get("type", "output"),
    )
    if ".." in name or folder not in FOLDERS:
        return Answer(400)
    if ".." in PurePosixPath(subfolder).parts:
        return Answer(403)
    named = {"content-disposition": f'filename="{name}"'}
    if folder == "input" and (file := uploaded(call.sandbox.store, str(PurePosixPath(subfolder) / name))):
        path = call.sandbox.inputs.path(file.stored)
        return FileAnswer(path, file.content_type, headers=named) if path else Answer(404)
    if call.job is None:
        return Answer(404)
    if name.endswith(".png"):
        return Answer(200, plain_png(*STILL_SIZE, name), {"content-type": "image/png", **named})
    reply = await send_clip(call)
    return (
        FileAnswer(reply.path, reply.content_type, reply.stop_after, reply.pause, named)
        if isinstance(reply, FileAnswer)
        else reply
    )


def plain_png(width: int, height: int, seed: str) -> bytes:
    """A picture of one colour, the same for the same seed."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    colour = hashlib.sha256(seed.encode()).digest()[:3]
    rows = (b"\0" + colour * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
