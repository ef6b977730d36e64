"""`python -m bench.catalogue`: what 1,000 model files cost next to 10, in one run of the real application.

Copies of our own specs under other names; each size gets its own folder, database and application, asked in process.
"""

import asyncio
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import msgspec

from models.spec.catalogue import Catalogue
from tasks.context import AppContext, build_context
from tasks.settings import CHECKOUT, prepare_data_dir, read_settings
from web.app import create_app

SIZES = (10, 1000)
ROUNDS = 15
FORM = {"model": "veo-3.1", "prompt": "A lighthouse", "duration": "6s", "resolution": "1080p"}
HTMX = {"hx-request": "true"}


def fill(folder: Path, size: int) -> None:
    """`veo-3.1` and copies of ours in turn, until there are `size`."""
    ours = sorted((CHECKOUT / "models").glob("*.toml"))
    shutil.copytree(CHECKOUT / "models" / "workflows", folder / "workflows", dirs_exist_ok=True)
    shutil.copy(CHECKOUT / "models" / "veo-3.1.toml", folder)
    for number in range(size - 1):
        source = ours[number % len(ours)]
        shutil.copy(source, folder / f"{source.stem}-copy-{number}.toml")


async def median_ms(ask: Callable[[], Awaitable[httpx.Response]]) -> tuple[float, int]:
    """Median milliseconds and the bytes of the last answer; the first, cold one is not counted."""
    (await ask()).raise_for_status()
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = await ask()
        took.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(took), 2), len(answer.content)


async def figures(context: AppContext) -> dict[str, float]:
    transport = httpx.ASGITransport(create_app(context))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420") as http:
        page, page_bytes = await median_ms(lambda: http.get("/video?model=veo-3.1"))
        token = {"x-csrftoken": next(iter(http.cookies.values()))}
        form, form_bytes = await median_ms(
            lambda: http.post("/video/form", data=FORM, headers={**HTMX, **token})
        )
        found, _ = await median_ms(lambda: http.get("/video/models?q=veo+fast", headers=HTMX))
    return {
        "page, ms": page,
        "page, bytes": page_bytes,
        "form, ms": form,
        "form, bytes": form_bytes,
        "search in the picker, ms": found,
    }


async def measure(size: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="shotlist-bench-") as place:
        models = Path(place) / "models"
        models.mkdir()
        fill(models, size)
        began = time.perf_counter()
        catalogue = Catalogue([models])
        count = len(catalogue.all())
        read = time.perf_counter() - began
        began = time.perf_counter()
        catalogue.refresh()
        again = time.perf_counter() - began
        settings = read_settings({"SHOTLIST_DATA_DIR": str(Path(place) / "data")})
        prepare_data_dir(settings)
        settings = msgspec.structs.replace(settings, models_dirs=(models,))
        context = await build_context(
            settings, queue_url="redis://127.0.0.1:1", sandbox_url="http://127.0.0.1:2"
        )
        try:
            asked = await figures(context)
        finally:
            await context.close()
    return {
        "models": count,
        "reading all at the start, s": round(read, 3),
        "noticing that none changed, ms": round(again * 1000, 2),
        **asked,
    }


def main() -> None:
    small, large = (asyncio.run(measure(size)) for size in SIZES)
    print(f"{'':<34} {small['models']:>9} {large['models']:>9}     ratio")
    for name in list(small)[1:]:
        ratio = large[name] / small[name] if small[name] else float("nan")
        print(f"{name:<34} {small[name]:>9} {large[name]:>9} {ratio:>9.2f}")
    results = CHECKOUT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "catalogue.json").write_text(json.dumps([small, large], indent=2) + "\n")


if __name__ == "__main__":
    main()
