"""Reads a multipart form that is whole in memory."""

import re

from msgspec import Struct


class Part(Struct, frozen=True):
    """One field of a form; `filename` and `content_type` are "" when the part has none."""

    name: str
    filename: str
    content_type: str
    data: bytes


def read_form(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts of a `multipart/form-data` body; empty when it is something else or broken."""
    found = re.search(r'multipart/form-data;.*boundary="?([^";]+)"?', content_type)
    if not found:
        return ()
    pieces = body.split(b"--" + found[1].encode())[1:-1]
    return tuple(part for piece in pieces if (part := _part(piece)))


def _part(piece: bytes) -> Part | None:
    head, gap, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    disposition = headers.get("content-disposition", "")
    name, filename = _parameter(disposition, "name"), _parameter(disposition, "filename")
    if not gap or not name:
        return None
    return Part(name, filename, headers.get("content-type", ""), data.removesuffix(b"\r\n"))


def _parameter(disposition: str, name: str) -> str:
    found = re.search(rf'(?:^|[;\s]){name}="([^"]*)"', disposition)
    return found[1] if found else ""
