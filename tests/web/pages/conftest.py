"""The real application over real parts, asked in process: no worker runs, so that jobs stay as they were placed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tasks.context import AppContext, build_context
from tasks.settings import prepare_data_dir, read_settings
from tests.support import catalogue_of, descriptions_of
from tests.web.pages.reading import Reader
from web.app import create_app

HTMX = {"HX-Request": "true"}
OWN_MODELS = Path(__file__).parent / "models"  # one with a field of every kind
NO_QUEUE = "redis://127.0.0.1:1"
NO_SANDBOX = "http://127.0.0.1:2"


async def open_parts(folder: Path, sandbox_url: str | None = NO_SANDBOX) -> AppContext:
    """All parts with their data in a folder of the test's own; without a sandbox no model is ready."""
    places = {"SHOTLIST_DATA_DIR": str(folder / "data"), "SHOTLIST_MODELS_DIR": str(OWN_MODELS)}
    settings = read_settings(places)
    prepare_data_dir(settings)
    catalogue = catalogue_of(*settings.models_dirs)
    described = descriptions_of(*settings.providers_dirs)
    return await build_context(
        settings, queue_url=NO_QUEUE, sandbox_url=sandbox_url, catalogue=catalogue, descriptions=described
    )


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[AppContext]:
    made = await open_parts(tmp_path)
    yield made
    await made.close()


class Page:
    """A browser without a window."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, path: str, **headers: str) -> Reader:
        answer = await self.http.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return Reader(answer.text)

    async def send(
        self, path: str, pairs: list[tuple[str, str]], *, htmx: bool = False, files: Any = None
    ) -> httpx.Response:
        """POST the pairs, as htmx or as a plain form would; several values of a name stay several."""
        data: dict[str, list[str]] = {}
        for name, value in pairs:
            data.setdefault(name, []).append(value)
        nothing = {"unused": ("", b"")}
        return await self.http.post(path, data=data, files=files or nothing, headers=HTMX if htmx else {})

    async def post(self, path: str, pairs: list[tuple[str, str]], **more: Any) -> Reader:
        answer = await self.send(path, pairs, **more)
        assert answer.status_code == 200, answer.text
        return Reader(answer.text)


@asynccontextmanager
async def browsing(context: AppContext) -> AsyncIterator[Page]:
    transport = httpx.ASGITransport(create_app(context))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
        yield Page(http)


@pytest.fixture
async def page(context: AppContext) -> AsyncIterator[Page]:
    async with browsing(context) as opened:
        yield opened
