"""How soon a model file that somebody dropped, changed or removed is noticed."""

from pathlib import Path

from msgspec.structs import replace

from models.spec.catalogue import Catalogue
from tasks.context import AppContext
from tests.support import CHECKOUT
from web.app import REFRESH_SECONDS, Fresh


async def test_files_are_looked_at_by_the_first_request_after_a_second_and_not_before(
    context: AppContext, tmp_path: Path
) -> None:
    folder, now = tmp_path / "mine", 100.0
    folder.mkdir()
    fresh = Fresh(replace(context, catalogue=Catalogue((folder,))), lambda: now)

    async def keys() -> list[str]:
        return [spec.key for spec in (await fresh()).catalogue.all()]

    file = folder / "mine.toml"
    file.write_text((CHECKOUT / "models" / "ltx-2.toml").read_text())
    now += 0.9 * REFRESH_SECONDS
    assert await keys() == []
    now += 0.1 * REFRESH_SECONDS + 1e-6
    assert await keys() == ["mine"]
    file.unlink()
    assert await keys() == ["mine"]
    now += REFRESH_SECONDS + 1e-6
    assert await keys() == []


def test_that_is_within_the_two_seconds_that_are_promised() -> None:
    assert REFRESH_SECONDS <= 2
