"""The real application on a data folder of its own, without a queue, a worker or a network."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from tasks.context import AppContext, build_context
from tasks.settings import prepare_data_dir, read_settings
from tests.support import catalogue_of, descriptions_of, environ
from web.app import create_app


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[AppContext]:
    """All parts, with a queue that is away and a sandbox that does not answer."""
    settings = read_settings(environ(tmp_path / "data", 8420))
    prepare_data_dir(settings)
    built = await build_context(
        settings,
        queue_url=f"unix://{tmp_path}/no.sock",
        sandbox_url="http://127.0.0.1:1",
        catalogue=catalogue_of(*settings.models_dirs),
        descriptions=descriptions_of(*settings.providers_dirs),
    )
    yield built
    await built.close()


@pytest.fixture
def app(context: AppContext) -> Litestar:
    return create_app(context)


@pytest.fixture
async def web(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A program that speaks to the application under its own name."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420") as client:
        yield client
