"""A model's file goes away while a person fills in its form."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.support import CHECKOUT, Server, until

MINE = "/video?model=my&prompt=A+kite&duration=10"
GONE = "There is no model my any more. Nothing was ordered, and what you typed is kept"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Server]:
    """With a folder of models of its own."""
    with Server(tmp_path_factory.mktemp("browser") / "data", MODELS_DIR=str(models)) as running:
        yield running


@pytest.fixture(autouse=True)
def mine(models: Path, server: Server) -> Path:
    """The file of a model `my`, which the server knows."""
    file = models / "my.toml"
    text = (CHECKOUT / "models" / "kling-v2.1-master.toml").read_text()
    file.write_text(text.replace('"Kling v2.1 Master"', '"Mine"'))
    known(server, 200)
    return file


def known(server: Server, status: int) -> None:
    def asked() -> bool | None:
        return True if server.http.get("/api/video/models/my").status_code == status else None

    until(asked, f"the model is answered with {status}")


def jobs(server: Server) -> list[str]:
    return [job["model"] for job in server.http.get("/api/video/jobs").json()["jobs"]]


def rename(server: Server, file: Path) -> None:
    file.rename(file.with_name("my-2.toml"))
    known(server, 404)


def is_missing(page: Page, prompt: str) -> None:
    expect(page.locator("#fields .error.whole")).to_contain_text(GONE)
    expect(page.locator("#form [name=model]")).to_have_value("my")
    expect(page.locator("#run")).to_be_disabled()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(prompt)


def choose(page: Page, key: str) -> None:
    page.locator("#picker summary").click()
    page.locator("#search").fill(key)
    page.locator(f'#found button[value="{key}"]').click()
    expect(page.locator("#form [name=model]")).to_have_value(key)


def test_who_goes_on_typing_is_told_and_loses_nothing(
    open_page: OpenPage, server: Server, mine: Path
) -> None:
    page, before = open_page(MINE), jobs(server)
    rename(server, mine)
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.press("End")
    prompt.press_sequentially(" at noon")
    is_missing(page, "A kite at noon")
    expect(prompt).to_be_focused()
    prompt.press_sequentially(", red")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("() => location.search.includes('red')")
    page.reload()
    expect(prompt).to_have_value("A kite at noon, red")
    expect(page.locator("#run")).to_be_disabled()
    assert jobs(server) == before

    mine.with_name("my-2.toml").rename(mine)
    known(server, 200)
    prompt.press("End")
    prompt.press_sequentially(" and blue")
    expect(page.locator("#run")).to_be_enabled()
    expect(prompt).to_have_value("A kite at noon, red and blue")
    expect(prompt).to_be_focused()
    expect(page.get_by_label("10 s")).to_be_checked()
    expect(page.locator("#price")).to_have_text("about $2.80")


def test_a_file_that_arrives_after_its_model_has_gone_is_kept(
    open_page: OpenPage, server: Server, mine: Path, picture: Path
) -> None:
    page = open_page(f"{MINE}&mode=i2v")
    held: list[Route] = []
    page.route("**/video/uploads", lambda route: held.append(route))
    with page.expect_request("**/video/uploads"):
        page.locator("#f-image-file").set_input_files(picture)
    rename(server, mine)
    page.get_by_label("Prompt", exact=True).fill("A kite at noon")
    is_missing(page, "A kite at noon")
    held[0].continue_()
    expect(page.locator("#fields")).to_contain_text("Image harbour.png")
    choose(page, "kling-v2.1-master")
    expect(page.locator("#f-image-field .chosen")).to_contain_text("640 × 480")


def test_who_presses_generate_at_once_is_told_and_chooses_another_model(
    open_page: OpenPage, server: Server, mine: Path
) -> None:
    page, before = open_page(MINE), jobs(server)
    rename(server, mine)
    page.locator("#run").click()
    is_missing(page, "A kite")
    assert jobs(server) == before
    choose(page, "kling-v2.1-master")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A kite")
    expect(page.get_by_label("10 s")).to_be_checked()
    expect(page.locator("#fields .error.whole")).to_have_count(0)
    page.locator("#run").click()
    expect(page.locator("#cards .card")).to_contain_text("A kite")
    assert jobs(server) == ["kling-v2.1-master", *before]


def test_the_same_without_javascript(open_page: OpenPage, server: Server, mine: Path) -> None:
    page, before = open_page(MINE, javascript=False), jobs(server)
    rename(server, mine)
    page.get_by_label("Prompt", exact=True).fill("A kite at dusk")
    page.locator("#run").click()
    is_missing(page, "A kite at dusk")
    page.get_by_role("button", name="Update the form").last.click()
    is_missing(page, "A kite at dusk")
    assert jobs(server) == before
    page.locator("#picker summary").click()
    page.get_by_role("button", name="Choose another model").click()
    page.locator('button[value="kling-v2.1-master"]').click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A kite at dusk")
    expect(page.get_by_label("10 s")).to_be_checked()
    page.locator("#run").click()
    expect(page.locator(".card")).to_contain_text("A kite at dusk")
    assert jobs(server) == ["kling-v2.1-master", *before]
