"""The address under which a provider reads an input: it opens that file, for a while, and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tasks.context import AppContext, build_context
from tasks.settings import prepare_data_dir, read_settings
from tasks.storage.uploads import LASTS, SignedURLs, Upload
from tests.media_files import make_image
from tests.support import catalogue_of, descriptions_of
from web.app import create_app

PUBLIC = "https://shots.example.org"


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[AppContext]:
    places = {"SHOTLIST_DATA_DIR": str(tmp_path / "data"), "SHOTLIST_PUBLIC_URL": PUBLIC}
    settings = read_settings(places)
    prepare_data_dir(settings)
    made = await build_context(
        settings,
        queue_url="redis://127.0.0.1:1",
        sandbox_url=None,
        catalogue=catalogue_of(*settings.models_dirs),
        descriptions=descriptions_of(*settings.providers_dirs),
    )
    yield made
    await made.close()


async def uploaded(context: AppContext, tmp_path: Path) -> tuple[Upload, bytes]:
    content = make_image(tmp_path / "frame.png").read_bytes()

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    upload = await context.uploads.accept("local", "frame.png", chunks())
    assert isinstance(upload, Upload)
    return upload, content


async def ask(context: AppContext, address: str) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(context))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        return await client.get(address)


async def test_a_provider_reads_the_file_under_its_signed_address(
    context: AppContext, tmp_path: Path
) -> None:
    upload, content = await uploaded(context, tmp_path)
    address = context.signed.address("local", upload.id, context.jobs.clock(), sandbox=False)
    assert address.startswith(f"{PUBLIC}/inputs/{upload.id}?")
    answer = await ask(context, address)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize("spoilt", ["signature", "file", "owner", "time", "late"])
async def test_anything_changed_or_expired_is_404(context: AppContext, tmp_path: Path, spoilt: str) -> None:
    upload, _ = await uploaded(context, tmp_path)
    other, _ = await uploaded(context, tmp_path)
    now = context.jobs.clock()
    good = context.signed.address("local", upload.id, now, sandbox=False)
    until = int(now + LASTS)
    address = {
        "signature": good[:-3] + "xyz",
        "file": good.replace(upload.id, other.id),
        "owner": good.replace("by=local", "by=ann"),
        "time": good.replace(str(until), str(until + 1)),
        "late": context.signed.address("local", upload.id, now - LASTS - 2, sandbox=False),
    }[spoilt]
    assert (await ask(context, address)).status_code == 404


def test_without_a_public_address_only_the_sandbox_gets_one() -> None:
    signed = SignedURLs("secret", "", "http://127.0.0.1:8420")
    assert signed.address("local", "up_1", 0.0, sandbox=False) == ""
    assert signed.address("local", "up_1", 0.0, sandbox=True).startswith("http://127.0.0.1:8420/inputs/up_1?")
