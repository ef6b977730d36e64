"""The form over HTTP: drawn from the spec, settled with every edit, and nothing typed is lost."""

from pathlib import Path

import msgspec

from models.spec.fields import KINDS
from tasks.context import AppContext
from tests.support import png
from tests.web.pages.conftest import Page, browsing, open_parts
from tests.web.pages.reading import Reader, changed

KLING = "kling-v2.1-master"


def errors(page: Reader) -> dict[str, str]:
    """Sentence by field."""
    found = page.all("p", class_="error")
    return {
        each["id"].removeprefix("f-").removesuffix("-error"): each["_text"] for each in found if "id" in each
    }


def checked(page: Reader, name: str) -> str:
    return next(found["value"] for found in page.all("input", name=name) if "checked" in found)


async def test_every_model_of_the_catalogue_draws_its_form(page: Page, context: AppContext) -> None:
    for spec in context.catalogue.all():
        drawn = await page.get(f"/video?model={spec.key}")
        assert drawn.one("input", name="model")["value"] == spec.key
        places = {found.get("id") for _, found in drawn.elements}
        assert {f"f-{field.name}-field" for field in spec.fields if field.show_if is None} <= places
        assert drawn.one("button", id="run")
        labelled = {found["for"] for found in drawn.all("label") if "for" in found}
        ids = {found["id"] for _, found in drawn.elements if "id" in found}
        assert labelled <= ids


async def test_a_link_fills_the_form(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}&prompt=A+kite&duration=10&aspect_ratio=1:1")
    assert drawn.one("textarea", name="prompt")["_text"].strip() == "A kite"
    assert checked(drawn, "duration") == "10"
    assert checked(drawn, "aspect_ratio") == "1:1"
    assert "about $2.80" in drawn.one("span", id="price")["_text"]


async def test_the_forms_own_link_draws_the_same_form(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}&prompt=A+kite+%26+a+%22boat%22&duration=10")
    href = next(found["href"] for found in drawn.all("a") if found["_text"] == "link")
    again = await page.get(href)
    assert dict(again.pairs())["prompt"] == 'A kite & a "boat"'
    assert checked(again, "duration") == "10"


async def test_another_mode_shows_other_fields_and_keeps_what_was_typed(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}&prompt=A+kite")
    assert not drawn.all("input", name="image")
    after = await page.post("/video/form", changed(drawn.pairs(), mode="i2v"), htmx=True)
    assert after.all("input", name="image")
    assert dict(after.pairs())["prompt"] == "A kite"


async def test_a_fragment_is_the_form_alone_and_a_plain_post_the_whole_page(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}")
    fragment = await page.post("/video/form", drawn.pairs(), htmx=True)
    whole = await page.post("/video/form", drawn.pairs())
    assert not fragment.all("html")
    assert not fragment.all("form")
    assert whole.all("html")
    assert whole.one("form", id="form")


async def test_neither_page_nor_form_carries_the_catalogue(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}")
    fragment = await page.post("/video/form", drawn.pairs(), htmx=True)
    assert not drawn.all("button", name="choose")
    assert not fragment.all("button", name="choose")


async def test_another_model_keeps_what_was_typed_where_names_match(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}&prompt=A+kite&negative_prompt=blur")
    hailuo = await page.post("/video/form", [*drawn.pairs(), ("choose", "hailuo-02")], htmx=True)
    sent = dict(hailuo.pairs())
    assert (sent["model"], sent["prompt"]) == ("hailuo-02", "A kite")
    assert "negative_prompt" not in sent
    assert sent["duration"] == "6", "Kling's untouched default of 5 does not follow"
    veo = await page.post("/video/form", [*hailuo.pairs(), ("choose", "veo-3.1")], htmx=True)
    assert dict(veo.pairs())["negative_prompt"] == "blur", (
        "what one model has no field for comes back with the next"
    )


async def test_a_value_that_must_move_says_so_beside_its_field(page: Page) -> None:
    drawn = await page.get("/video?model=hailuo-02&prompt=A+kite&resolution=768p&duration=10")
    after = await page.post("/video/form", changed(drawn.pairs(), resolution="1080p"), htmx=True)
    assert checked(after, "resolution") == "1080p"
    assert checked(after, "duration") == "6"
    assert "768p" in after.one("p", id="f-duration-note")["_text"]


async def test_the_field_just_edited_stays_and_the_other_makes_room(page: Page) -> None:
    drawn = await page.get("/video?model=hailuo-02&prompt=A+kite&resolution=1080p&duration=6")
    struck = [found for found in drawn.all("label") if "not-now" in found.get("class", "")]
    assert struck, "10 s is struck through"
    after = await page.post("/video/form", changed(drawn.pairs(), duration="10"), htmx=True)
    assert checked(after, "duration") == "10"
    assert checked(after, "resolution") == "768p"


async def test_while_typing_only_what_was_typed_is_called_wrong(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}")
    assert errors(drawn) == {}
    after = await page.post("/video/form", changed(drawn.pairs(), mode="i2v", prompt="x" * 2501), htmx=True)
    assert set(errors(after)) == {"prompt"}
    control = after.one("textarea", name="prompt")
    assert control["aria-invalid"] == "true"
    assert "f-prompt-error" in control["aria-describedby"].split()


async def test_a_refused_order_shows_every_sentence_and_keeps_everything(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}")
    typed = changed(drawn.pairs(), mode="i2v", negative_prompt="blur")
    for htmx in (True, False):
        after = await page.post("/video/jobs", typed, htmx=htmx)
        assert set(errors(after)) == {"prompt", "image"}
        assert dict(after.pairs())["negative_prompt"] == "blur"
        assert checked(after, "mode") == "i2v"
        again = await page.post("/video/form", after.pairs(), htmx=True)
        assert set(errors(again)) == {"prompt", "image"}, "they stay until they are mended"


async def test_a_refused_order_names_what_is_wrong_at_the_button_with_links_to_the_controls(
    page: Page,
) -> None:
    drawn = await page.get(f"/video?model={KLING}&mode=i2v")
    assert drawn.one("div", id="wrong")["role"] == "alert", (
        "it is there before, so that what comes is read out"
    )
    for htmx in (True, False):
        after = await page.post("/video/jobs", drawn.pairs(), htmx=htmx)
        assert "Nothing was ordered. 2 fields need a change: Prompt , First frame" in after.text
        links = [found["href"] for found in after.all("a") if found.get("href", "").startswith("#f-")]
        assert links == ["#f-prompt", "#f-image-file"]
        mended = await page.post("/video/form", changed(after.pairs(), prompt="A kite"), htmx=htmx)
        assert "Nothing was ordered. 1 field needs a change: First frame" in mended.text


async def test_what_is_wrong_in_rows_and_groups_is_named_with_the_place_it_stands_in(page: Page) -> None:
    drawn = await page.get(
        "/video?model=every-kind&prompt=A+kite&shots.0.prompt=A+harbour&shots.1.seconds=99"
    )
    typed = changed(drawn.pairs(), steps="many", **{"camera.zoom": "far"})
    after = await page.post("/video/jobs", typed)
    told = "4 fields need a change: Steps , Shots 2: Prompt , Shots 2: Seconds , Camera: Zoom"
    assert told in after.text
    ids = {found["id"] for _, found in after.elements if "id" in found}
    links = {found["href"][1:] for found in after.all("a") if found.get("href", "").startswith("#f-")}
    assert links == {"f-steps", "f-shots-1-prompt", "f-shots-1-seconds", "f-camera-zoom"}
    assert links <= ids


async def test_what_is_wrong_with_a_field_that_is_not_drawn_is_said_of_the_whole_form(page: Page) -> None:
    drawn = await page.get("/video?model=every-kind&prompt=A+kite")
    notes = {"shots.7.prompt": ("notes.txt", b"no picture", "text/plain")}
    after = await page.post("/video/jobs", drawn.pairs(), files=notes)
    told = [found["_text"] for found in after.all("p", class_="error")]
    assert len(told) == 2, "above the fields, and at the button"
    assert all(words.startswith("notes.txt is damaged") for words in told)


async def test_what_is_wrong_with_the_whole_form_is_said_at_the_button_too(tmp_path: Path) -> None:
    parts = await open_parts(tmp_path, sandbox_url=None)
    async with browsing(parts) as page:
        drawn = await page.get(f"/video?model={KLING}&prompt=A+kite")
        after = await page.post("/video/jobs", drawn.pairs())
    await parts.close()
    told = [found["_text"] for found in after.all("p", class_="error")]
    words = "Kling v2.1 Master runs at replicate, which is not set up here. Nothing was ordered"
    assert len(told) == 2
    assert all(each.startswith(words) for each in told)


async def test_a_file_in_a_plain_form_is_stored_and_shown_with_its_measures(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}&mode=i2v")
    frame = {"image": ("frame.png", png((640, 480)), "image/png")}
    after = await page.post("/video/form", drawn.pairs(), files=frame)
    ref = dict(after.pairs())["image"]
    assert ref.startswith("up_")
    assert "640 × 480" in after.text
    removed = await page.post("/video/form", [*after.pairs(), ("_remove", "image")], htmx=True)
    assert dict(removed.pairs())["image"] == ""


async def test_a_file_that_is_no_picture_is_refused_beside_its_field(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}&mode=i2v&prompt=A+kite")
    after = await page.post(
        "/video/jobs", drawn.pairs(), files={"image": ("notes.txt", b"no picture", "text/plain")}
    )
    assert "notes.txt" in errors(after)["image"]
    assert dict(after.pairs())["prompt"] == "A kite"


async def test_a_file_too_small_for_the_model_is_told_with_its_limit(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}&mode=i2v&prompt=A+kite")
    after = await page.post(
        "/video/form", drawn.pairs(), files={"image": ("small.png", png((64, 64)), "image/png")}
    )
    assert "300" in errors(after)["image"]


async def test_every_field_type_can_be_drawn(page: Page, context: AppContext) -> None:
    drawn = await page.get("/video?model=every-kind")
    spec = context.catalogue.get("every-kind")
    assert spec is not None
    assert {field.kind for field in spec.fields} == set(KINDS)
    classes = {name for _, found in drawn.elements for name in found.get("class", "").split()}
    assert {f"is-{kind}" for kind in KINDS} <= classes


async def test_every_field_type_comes_back_as_it_was_typed(page: Page) -> None:
    drawn = await page.get("/video?model=every-kind")
    typed = {
        "prompt": "One\r\ntwo",
        "title": 'Quotes " and <b>',
        "steps": "12",
        "scale": "0.25",
        "style": "Noir",
        "voice": "Somebody else",
        "sound": "false",
        "seed": "7",
        "image": "https://example.com/a.png",
        "extra": '{"a": [1, 2]}',
        "camera.zoom": "1.5",
    }
    after = dict((await page.post("/video/form", changed(drawn.pairs(), **typed), htmx=True)).pairs())
    assert after["prompt"] == "One\ntwo"
    assert after["extra"] == '{\n  "a": [\n    1,\n    2\n  ]\n}'
    kept = {name: text for name, text in typed.items() if name not in ("prompt", "extra")}
    assert {name: after[name] for name in kept} == kept


async def test_what_is_no_number_stays_typed_and_says_so(page: Page) -> None:
    drawn = await page.get("/video?model=every-kind")
    after = await page.post("/video/form", changed(drawn.pairs(), steps="many", extra="{"), htmx=True)
    assert dict(after.pairs())["steps"] == "many"
    assert dict(after.pairs())["extra"] == "{"
    assert "steps" in errors(after)


async def test_rows_are_added_filled_and_removed(page: Page) -> None:
    drawn = await page.get("/video?model=every-kind")
    one = await page.post("/video/form", [*drawn.pairs(), ("_add", "shots")], htmx=True)
    typed = changed(one.pairs(), **{"shots.0.prompt": "A harbour", "shots.0.seconds": "3"})
    two = await page.post("/video/form", [*typed, ("_add", "shots")], htmx=True)
    assert dict(two.pairs())["shots.0.prompt"] == "A harbour"
    assert dict(two.pairs())["shots.1.prompt"] == "", "the empty row stays until it is filled"
    three = await page.post("/video/form", changed(two.pairs(), **{"shots.1.prompt": "Gulls"}), htmx=True)
    left = await page.post("/video/form", [*three.pairs(), ("_remove", "shots.0")], htmx=True)
    assert dict(left.pairs())["shots.0.prompt"] == "Gulls"
    assert "shots.1.prompt" not in dict(left.pairs())


async def test_an_error_inside_a_row_stands_in_that_row(page: Page) -> None:
    drawn = await page.get("/video?model=every-kind")
    one = await page.post("/video/form", [*drawn.pairs(), ("_add", "shots")], htmx=True)
    typed = changed(one.pairs(), **{"shots.0.prompt": "A harbour", "shots.0.seconds": "99"})
    after = await page.post("/video/form", typed, htmx=True)
    assert "10" in errors(after)["shots-0-seconds"]


async def test_a_list_takes_files_and_addresses_until_it_is_full(page: Page) -> None:
    drawn = await page.get("/video?model=every-kind")
    pictures = [("images", (f"{size}.png", png((size, size)), "image/png")) for size in (32, 48)]
    two = await page.post("/video/form", drawn.pairs(), files=pictures)
    assert len([name for name, text in two.pairs() if name == "images" and text]) == 2
    full = await page.post("/video/form", [*two.pairs(), ("images", "https://example.com/c.png")], htmx=True)
    assert len([name for name, text in full.pairs() if name == "images" and text]) == 3
    assert not full.all("input", id="f-images-file"), "no room for a fourth"
    fewer = await page.post("/video/form", [*full.pairs(), ("_remove", "images.0")], htmx=True)
    assert "48.png" in fewer.text
    assert "32.png" not in fewer.text


async def test_a_form_that_was_tampered_with_is_read_as_new(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}&prompt=A+kite")
    after = await page.post("/video/form", changed(drawn.pairs(), _was='{"values": 5'), htmx=True)
    assert dict(after.pairs())["prompt"] == "A kite"
    assert msgspec.json.decode(dict(after.pairs())["_was"])["values"]["prompt"] == "A kite"


async def test_an_unknown_model_in_a_link_says_so_and_shows_no_other(page: Page) -> None:
    drawn = await page.get("/video?model=kling-9")
    assert "There is no model kling-9" in drawn.text
    assert drawn.one("input", name="model")["value"] == "kling-9"


async def test_a_file_that_is_gone_is_named_and_asked_for_again(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}&mode=i2v&prompt=A+kite&image=up_gone")
    assert "A file that is gone" in drawn.text
    assert "not here any more" in errors(drawn)["image"]


async def test_every_page_has_one_heading_of_the_first_rank(page: Page) -> None:
    for path in ("/video", "/video/library", "/video/models", "/account"):
        assert len((await page.get(path)).all("h1")) == 1, path


async def test_the_picker_is_named_by_what_it_shows(page: Page) -> None:
    drawn = await page.get(f"/video?model={KLING}")
    assert all("aria-label" not in found for found in drawn.all("summary"))
    assert "Model: Kling v2.1 Master" in drawn.text
