"""Bodies that come packed: unpacked once, in pieces, within every limit."""

import gzip
import tracemalloc
import zlib

import pytest

from providers.client.http import NoResponse
from providers.client.requests import Request
from providers.client.responses import HTTPResponse
from providers.outcomes import Fetched
from tests.providers.client.test_download import CLIP, LIMIT, MP4, fetched
from tests.providers.conftest import LineTo
from tests.providers.descriptions import REPLICATE
from tests.providers.stub import Reply, stub

PACKED = gzip.compress(CLIP)


@pytest.mark.parametrize(
    ("packing", "body", "whole"),
    [
        ("gzip", PACKED, True),
        ("deflate", zlib.compress(CLIP), True),
        ("Identity", CLIP, True),
        ("gzip, gzip", gzip.compress(gzip.compress(bytes(200 * LIMIT))), False),
        ("br", CLIP, False),
        ("gzip", PACKED[:-20], False),
        ("gzip", CLIP, False),
    ],
)
async def test_a_file_is_unpacked_once_and_whole_or_not_taken(
    line_to: LineTo, packing: str, body: bytes, whole: bool
) -> None:
    async with stub({}, default=Reply(200, body, {**MP4, "content-encoding": packing})) as server:
        line = line_to(REPLICATE, server.origin)
        answer, written = await fetched(line, "/f/a.mp4")
        look = await line.caller.ask(Request(method="GET", url="/x"))
    assert isinstance(answer, Fetched) == whole
    assert (written == CLIP) == whole
    assert isinstance(look, NoResponse) == (not whole)


async def test_an_answer_packed_twice_does_not_fill_the_memory(line_to: LineTo) -> None:
    bomb = gzip.compress(gzip.compress(bytes(200 * LIMIT)))
    async with stub({}, default=Reply(200, bomb, {"content-encoding": "gzip, gzip"})) as server:
        line = line_to(REPLICATE, server.origin)
        tracemalloc.start()
        await line.caller.ask(Request(method="GET", url="/x"))
        await fetched(line, "/f/a.mp4")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 20 * LIMIT


async def test_an_empty_answer_may_say_that_it_is_packed(line_to: LineTo) -> None:
    async with stub({}, default=Reply(202, b"", {"content-encoding": "gzip"})) as server:
        asked = await line_to(REPLICATE, server.origin).caller.ask(Request(method="GET", url="/x"))
    assert isinstance(asked, HTTPResponse)
