"""Data URIs in file fields become uploads; everything else is left alone."""

import base64

from models.spec.fields import Field, GroupField, ImageField, ImagesField, RowsField, TextField
from models.spec.values import Values
from tasks.context import AppContext
from tests.support import png
from web.api.jobs import take_data_uris

URI = "data:image/png;base64," + base64.b64encode(png((320, 240))).decode()
FIELDS: tuple[Field, ...] = (
    TextField(name="prompt"),
    ImageField(name="image"),
    ImagesField(name="more"),
    RowsField(name="shots", fields=(TextField(name="prompt"), ImageField(name="frame"))),
    GroupField(name="camera", fields=(ImageField(name="map"),)),
)


async def test_every_file_field_is_taken_wherever_it_is(context: AppContext) -> None:
    values: Values = {
        "image": URI,
        "more": [URI, "https://example.com/a.png"],
        "shots": [{"prompt": "x", "frame": URI}, {"prompt": "y"}],
        "camera": {"map": URI.replace("data:", "DATA:")},
    }
    taken = await take_data_uris(context.uploads, "local", FIELDS, values)
    assert taken.errors == {}
    match taken.values:
        case {
            "image": str(a),
            "more": [str(b), str(url)],
            "shots": [{"frame": str(c)}, _],
            "camera": {"map": str(d)},
        }:
            assert url == "https://example.com/a.png"
            facts = await context.uploads.facts("local", [a, b, c, d])
            assert len(facts) == 4
            assert {(fact.width, fact.height) for fact in facts.values()} == {(320, 240)}
        case other:
            raise AssertionError(other)


async def test_what_is_no_file_field_is_left_alone(context: AppContext) -> None:
    values: Values = {
        "prompt": URI,
        "unknown": URI,
        "image": 5,
        "more": "up_1",
        "shots": "x",
        "camera": [URI],
    }
    taken = await take_data_uris(context.uploads, "local", FIELDS, values)
    assert (taken.values, taken.errors) == (values, {})


async def test_each_bad_file_has_its_sentence_at_its_place(context: AppContext) -> None:
    bad = "data:image/png;base64,QUJD"
    values: Values = {
        "image": "data:nothing",
        "shots": [{"frame": URI}, {"frame": bad}],
        "camera": {"map": bad},
    }
    taken = await take_data_uris(context.uploads, "local", FIELDS, values)
    assert set(taken.errors) == {"image", "shots.1.frame", "camera.map"}
    assert all(len(sentence) > 20 for sentence in taken.errors.values())
