"""The one validation: every effect of a rule, for the form and inside a row."""

# ruff: noqa: E501 — tables of cases are wide

from typing import Any

import pytest

from models.form.validate import check
from models.spec.values import MediaFacts
from tests.models.building import spec_of

FACTS = {
    "wide": MediaFacts("image", 2.5, 1920, 1080, format="jpeg"),
    "small": MediaFacts("image", 0.1, 200, 150, format="png"),
    "clip": MediaFacts("video", 40.0, 1280, 720, 9.5, "mp4"),
}
URL = "https://example.com/a.png"


def rules(text: str, fields: str = "") -> Any:
    return spec_of(
        """
  { name = "resolution", type = "select", options = ["720p", "1080p"], default = "720p" },
  { name = "duration", type = "select", options = [5, 10], default = 5, unit = "s" },
  { name = "fps", type = "integer", min = 1, max = 60, default = 24 },
  { name = "image", type = "image" },
  { name = "end_image", type = "image", label = "Last frame" },
  { name = "images", type = "images" },
  { name = "loop", type = "switch" },
  { name = "videos", type = "videos", max_seconds = 20 },
"""
        + fields,
        "[[rules]]\n" + text,
    )


WHEN = 'when = { resolution = "1080p" }\n'


@pytest.mark.parametrize(
    ("rule", "values", "errors"),
    [
        (WHEN + "only = { duration = [5] }", {"resolution": "1080p", "duration": 10}, {"duration": "Duration must be 5 s while Resolution is 1080p."}),
        (WHEN + 'only = { duration = [5] }\nmessage = "Choose 5 s."', {"resolution": "1080p", "duration": 10}, {"duration": "Choose 5 s."}),
        (WHEN + "only = { duration = [5] }", {"duration": 10}, {}),
        (WHEN + "only = { fps = [24, 25] }", {"resolution": "1080p", "fps": 30}, {"fps": "Choose 24 or 25."}),
        (WHEN + "forbid = { loop = true }", {"resolution": "1080p", "loop": True}, {"loop": "Loop cannot be on while Resolution is 1080p."}),
        (WHEN + "forbid = { loop = true }", {"resolution": "1080p", "loop": False}, {}),
        (WHEN + "forbid = { fps = [30, 31] }", {"resolution": "1080p", "fps": 31}, {"fps": "Fps cannot be 31 while Resolution is 1080p."}),
        (WHEN + 'forbid = ["end_image"]', {"resolution": "1080p", "end_image": URL}, {"end_image": "This must stay empty while Resolution is 1080p."}),
        (WHEN + 'forbid = ["end_image"]', {"resolution": "1080p"}, {}),
        ('when = { end_image = { set = true } }\nrequire = ["image"]', {"end_image": URL}, {"image": "Image is needed: choose a file."}),
        ('when = { end_image = { set = true } }\nrequire = ["image"]\nmessage = "A last frame needs a first one."', {"end_image": URL}, {"image": "A last frame needs a first one."}),
        ('when = { end_image = { set = true } }\nrequire = ["image"]', {"end_image": URL, "image": URL}, {}),
        (WHEN + "limit = { fps = { max = 30 } }", {"resolution": "1080p", "fps": 31}, {"fps": "Fps must be at most 30."}),
        (WHEN + "limit = { images = { count = { max = 1 } } }", {"resolution": "1080p", "images": [URL, URL]}, {"images": "Images takes at most 1 files; there are 2 now."}),
        (WHEN + "limit = { videos = { seconds = { max = 9 } } }", {"resolution": "1080p", "videos": ["clip", URL]}, {"videos": "Videos: this video is 9.5 seconds long; it must be at most 9. Choose another."}),
        ('exactly_one_of = ["image", "images"]', {}, {"image": "Give exactly one of Image or Images."}),
        ('exactly_one_of = ["image", "images"]', {"image": URL, "images": [URL]}, {"images": "Give exactly one of Image or Images."}),
        ('exactly_one_of = ["image", "images"]', {"images": [URL]}, {}),
        ('total = "count(image) + 2 * count(images)"\nmax = 4', {"image": URL, "images": [URL, URL]}, {"image": "Image: count(image) + 2 * count(images) is 5; it must be at most 4."}),
        ('total = "count(images)"\nequals = "count(videos) + 1"', {"images": [URL], "videos": ["clip"]}, {"images": "Images: count(images) is 1; it must be exactly 2."}),
        ('total = "count(images)"\nmin = 2\nmax = 2', {"images": [URL, URL]}, {}),
        (WHEN + "limit = { fps = { step = 4 } }", {"resolution": "1080p", "fps": 7}, {"fps": "Fps goes in steps of 4: choose 5 or 9."}),
        (WHEN + "limit = { fps = { min = 10, step = 4 } }", {"resolution": "1080p", "fps": 15}, {"fps": "Fps goes in steps of 4: choose 14 or 18."}),
        ('total = "count(images)"\nmin = 2\nmessage = "Two at least."', {"images": [URL]}, {"images": "Two at least."}),
        ('total = "count(images)"\nmin = 2', {}, {"images": "Images: count(images) is 0; it must be at least 2."}),
        ('total = "count(images)"\nequals = "count(videos) + 1"', {"videos": ["clip"]}, {"images": "Images: count(images) is 0; it must be exactly 2."}),
        ('total = "sum(videos.seconds)"\nmax = 15', {"videos": ["clip"]}, {}),
        ('total = "sum(videos.seconds)"\nmax = 15', {"videos": ["clip", "clip"]}, {"videos": "Videos: sum(videos.seconds) is 19; it must be at most 15."}),
        ('total = "sum(videos.seconds)"\nmax = 15', {"videos": ["clip", "https://example.com/unknown.mp4"]}, {}),
        ('total = "image.ratio / end_image.ratio"\nmin = 0.8\nmax = 1.25', {"image": "wide", "end_image": "small"}, {"image": "Image: image.ratio / end_image.ratio is 1.333; it must be at most 1.25."}),
    ],
)  # fmt: skip
def test_each_effect_of_a_rule_is_checked(rule: str, values: Any, errors: dict[str, str]) -> None:
    assert check(rules(rule), values, FACTS).errors == errors


def test_a_total_over_hidden_fields_is_not_looked_at() -> None:
    fields = '{ name = "images", type = "images", show_if = { mode = "i2v" } },'
    spec = spec_of(fields, '[[rules]]\ntotal = "count(images)"\nmin = 1\nmessage = "One at least."')
    assert check(spec, {}, {}).errors == {}
    assert check(spec, {"mode": "i2v"}, {}).errors == {"images": "One at least."}


def test_the_default_of_a_rule_is_in_force_while_it_holds_and_the_last_one_wins() -> None:
    spec = rules(
        WHEN + "default = { duration = 10 }\n[[rules]]\nwhen = { loop = true }\ndefault = { duration = 5 }"
    )
    assert check(spec, {}, {}).values["duration"] == 5
    assert check(spec, {"resolution": "1080p"}, {}).values["duration"] == 10
    assert check(spec, {"resolution": "1080p", "loop": True}, {}).values["duration"] == 5


def test_a_default_that_is_not_allowed_now_moves_to_what_is() -> None:
    spec = rules(WHEN + "only = { duration = [10] }\nlimit = { fps = { max = 12 } }")
    checked = check(spec, {"resolution": "1080p"}, {})
    assert checked.errors == {}
    assert (checked.values["duration"], checked.values["fps"]) == (10, 12)


def test_rules_inside_a_row_see_the_row_and_the_form_around_it() -> None:
    spec = spec_of("""
      { name = "mix", type = "switch", default = false },
      { name = "elements", type = "rows", rules = [
          { exactly_one_of = ["image", "video"], message = "An image or a video." },
          { when = { mix = false, video = { set = true } }, forbid = ["voice"] },
        ], fields = [
          { name = "image", type = "image" }, { name = "video", type = "video" }, { name = "voice", type = "text" },
        ] },
    """)
    rows: list[Any] = [{"image": URL}, {"image": URL, "video": URL}, {}, {"video": URL, "voice": "v"}]
    assert check(spec, {"elements": rows}, {}).errors == {
        "elements.1.video": "An image or a video.",
        "elements.2.image": "An image or a video.",
        "elements.3.voice": "This must stay empty while mix is off and Video is set.",
    }
    assert set(check(spec, {"elements": rows, "mix": True}, {}).errors) == {
        "elements.1.video",
        "elements.2.image",
    }


def test_rules_that_contradict_each_other_let_nothing_through() -> None:
    spec = rules('when = { resolution = "720p" }\nforbid = { resolution = "720p" }')
    assert check(spec, {}, {}).errors[""].startswith("The rules of this model contradict each other")
    assert check(spec, {"resolution": "1080p"}, {}).errors == {}
