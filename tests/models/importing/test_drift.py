"""What changed between a spec and its provider's document, what it means, and what of it can be written."""

import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from models.importing.drift import apply_edits, drift, left_out_in, safe_edits
from models.linter import lint
from models.spec.loader import build_spec
from models.spec.schema import Spec
from tests.models.importing.documents import PROMPT, drafted, fal
from tests.models.importing.test_defects import varied

SPEC = """\
display_name = "Acme Dream 2"
family = "Acme"
provider = "fal"
endpoint = "acme/dream/text-to-video"
source = "fal's schema document"
checked = 2026-11-23
fields = [
  # what it is about
  { name = "prompt", type = "textarea", required = true, max_length = 500 },
  { name = "image", type = "image", wire = "image_url", show_if = { mode = "i2v" } }, # the first frame
  { name = "duration", type = "select", options = [5, 10], default = 5 },
  { name = "steps", type = "integer", min = 1, max = 50 },
  { name = "size", type = "select", options = ["auto", "wide"], wire = "video_size" },
]

[request]
watermark = false

[capabilities]
modes = ["t2v", "i2v"]

[constraints]
max_duration_sec = 10

[price]
rates = [{ unknown = true }]
source = "nobody says"
checked = 2026-11-23

[[examples]]
inputs = { mode = "t2v", prompt = "A boat" }
body = { watermark = false, prompt = "A boat", duration = 5 }
"""


def read(text: str) -> Spec:
    spec = build_spec(tomllib.loads(text), key="dream", file="dream.toml")
    assert isinstance(spec, Spec), spec
    return spec


def properties() -> dict[str, Any]:
    return {
        "prompt": {**PROMPT, "maxLength": 500},
        "image_url": {"type": "string", "description": "URL of the first frame."},
        "duration": {"type": "integer", "enum": [5, 10], "default": 5},
        "steps": {"type": "integer", "minimum": 1, "maximum": 50},
        "video_size": {"type": "string", "enum": ["auto", "wide"]},
        "watermark": {"type": "boolean"},
    }


def changes(
    change: Callable[[dict[str, Any]], object], required: list[str] | None = None, text: str = SPEC
) -> list[tuple[str, str, str]]:
    now = properties()
    change(now)
    found = drift(
        read(text), drafted(fal(now, required or ["prompt"])), "acme/dream/text-to-video", left_out_in(text)
    )
    return [(each.what, each.place, each.sentence) for each in found]


def test_nothing_changed_is_nothing_told() -> None:
    assert lint(read(SPEC)) == ()
    assert changes(lambda now: None) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda now: now.update(style={"type": "string", "enum": ["a", "b"]}),
            ("added", "style", "The provider offers it too (a, b). Requests work without it."),
        ),
        (
            lambda now: now.pop("steps"),
            ("removed", "steps", "The document does not know it: it is ignored or refused. Take it out."),
        ),
        (
            lambda now: now.pop("watermark"),
            ("removed", "watermark", "The document does not know it: it is ignored or refused. Take it out."),
        ),
        (
            lambda now: now["duration"].update(enum=[5, 10, 15]),
            ("added", "duration", "15 can be chosen too."),
        ),
        (
            lambda now: now["duration"].update(enum=[5]),
            (
                "removed",
                "duration",
                "10 cannot be chosen any more: requests with it are refused. Take it out.",
            ),
        ),
        (
            lambda now: now["duration"].update(default=10),
            ("changed", "duration", "The provider's default is 10; 5 is sent."),
        ),
        (
            lambda now: now["steps"].update(maximum=40),
            ("changed", "steps", "max is 40 (here 50): more is refused. Narrow it."),
        ),
        (
            lambda now: now["steps"].update(maximum=80),
            ("changed", "steps", "max is 80 (here 50): more is possible."),
        ),
        (
            lambda now: now["steps"].update(type="string", minimum=None, maximum=None),
            ("changed", "steps", "It must be of type string, but integer is sent: requests are refused."),
        ),
        (
            lambda now: now["prompt"].update(maxLength=300),
            ("changed", "prompt", "max_length is 300 (here 500): more is refused. Narrow it."),
        ),
        (
            lambda now: now["watermark"].update(type="string", enum=["on", "off"]),
            (
                "changed",
                "watermark",
                "false is sent, but not possible any more: requests with it are refused.",
            ),
        ),
    ],
)
def test_a_change_is_told_with_what_it_means(
    change: Callable[[dict[str, Any]], object], expected: tuple[str, str, str]
) -> None:
    assert expected in changes(change)


def test_texts_for_numbers_are_another_option() -> None:
    told = changes(lambda now: now["duration"].update(type="string", enum=["5", "10"], default="5"))
    assert (
        "removed",
        "duration",
        "5, 10 cannot be chosen any more: requests with it are refused. Take it out.",
    ) in told
    assert ("added", "duration", '"5", "10" can be chosen too.') in told


def test_a_new_requirement_is_told() -> None:
    assert changes(lambda now: None, ["prompt", "steps"]) == [
        ("changed", "steps", "The provider requires it now: a request without it is refused.")
    ]
    added = changes(lambda now: now.update(tier={"type": "string"}), ["prompt", "tier"])
    assert added == [
        (
            "added",
            "tier",
            "The provider requires it (string): without it every request is refused. Add a field.",
        )
    ]


def test_what_the_spec_alone_limits_is_no_difference() -> None:
    assert changes(lambda now: now["prompt"].pop("maxLength")) == []


def test_what_the_spec_leaves_out_on_purpose_is_no_difference() -> None:
    added = {"sync_mode": {"type": "boolean"}}
    assert len(changes(lambda now: now.update(added))) == 1
    assert changes(lambda now: now.update(added), text=f"# left out: callback, sync_mode\n{SPEC}") == []


def test_a_rule_of_a_mode_is_taken_into_account() -> None:
    endpoints = SPEC.replace(
        'endpoint = "acme/dream/text-to-video"', 'endpoint = { t2v = "a/t", i2v = "a/i" }'
    )
    limited = endpoints.replace(
        "[constraints]", '[[rules]]\nwhen = { mode = "i2v" }\nonly = { duration = [5] }\n\n[constraints]'
    )
    now = properties()
    now["duration"]["enum"] = [5]
    document = drafted(fal(now, ["prompt"]))
    assert [each.place for each in drift(read(endpoints), document, "a/i")] == ["duration"]
    assert drift(read(limited), document, "a/i") == ()


def test_a_field_of_another_mode_is_not_missed() -> None:
    endpoints = SPEC.replace(
        'endpoint = "acme/dream/text-to-video"', 'endpoint = { t2v = "a/t", i2v = "a/i" }'
    )
    now = properties()
    del now["image_url"]
    document = drafted(fal(now, ["prompt"]))
    assert drift(read(endpoints), document, "a/t") == ()
    assert [each.place for each in drift(read(endpoints), document, "a/i")] == ["image_url"]


def test_the_safe_part_is_written_and_comments_stay() -> None:
    now = properties()
    now["duration"]["enum"] = [5, 10, 15]
    now["steps"]["maximum"] = 80
    now["prompt"]["maxLength"] = 300
    spec = read(SPEC)
    found = drift(spec, drafted(fal(now, ["prompt"])), "acme/dream/text-to-video")
    written = apply_edits(SPEC, safe_edits(spec, {"acme/dream/text-to-video": found}))
    expected = (
        SPEC.replace("options = [5, 10]", "options = [5, 10, 15]")
        .replace("max = 50", "max = 80")
        .replace("max_duration_sec = 10", "max_duration_sec = 15")
    )
    assert written == expected
    assert lint(read(written)) == ()


def test_a_field_that_two_endpoints_share_is_only_widened_where_both_allow_it() -> None:
    spec = read(
        SPEC.replace('endpoint = "acme/dream/text-to-video"', 'endpoint = { t2v = "a/t", i2v = "a/i" }')
    )
    now = properties()
    now["duration"]["enum"] = [5, 10, 15]
    wider, same = (
        drift(spec, drafted(fal(each, ["prompt"])), end)
        for each, end in ((now, "a/t"), (properties(), "a/i"))
    )
    assert safe_edits(spec, {"a/t": wider, "a/i": same}) == ()
    assert safe_edits(spec, {"a/t": wider}) == ()
    assert (
        len(safe_edits(spec, {"a/t": wider, "a/i": drift(spec, drafted(fal(now, ["prompt"])), "a/i")})) == 1
    )


def test_an_import_has_not_drifted_from_its_own_document() -> None:
    found = drafted(varied())
    assert isinstance(found.spec, Spec)
    assert drift(found.spec, found, found.document.endpoint) == ()


def test_a_new_preset_beside_a_size_of_ones_own_is_told() -> None:
    before, after = varied(), varied()
    after["openapi"]["components"]["schemas"]["DreamInput"]["properties"]["size"]["anyOf"][1]["enum"] = [
        "auto",
        "wide",
    ]
    spec = drafted(before).spec
    assert isinstance(spec, Spec)
    found = drift(spec, drafted(after), "acme/dream/text-to-video")
    assert [(each.what, each.place, each.sentence) for each in found] == [
        ("added", "size", '"wide" can be chosen too.')
    ]


def test_a_rule_that_asks_for_more_than_the_mode_does_not_count_for_the_mode() -> None:
    endpoints = SPEC.replace(
        'endpoint = "acme/dream/text-to-video"', 'endpoint = { t2v = "a/t", i2v = "a/i" }'
    )
    rule = '[[rules]]\nwhen = { mode = "i2v", image = { set = true } }\nonly = { duration = [5] }\n\n[constraints]'
    now = properties()
    now["duration"]["enum"] = [5]
    found = drift(read(endpoints.replace("[constraints]", rule)), drafted(fal(now, ["prompt"])), "a/i")
    assert [each.place for each in found] == ["duration"]


def test_fields_that_a_table_turns_into_one_value_are_compared_by_that_value() -> None:
    derived = SPEC.replace(
        "[capabilities]",
        '[[derive]]\nat = "video_size"\nfrom = ["size"]\ntable = [["auto", "auto"], ["wide", "wide"]]\n\n'
        "[capabilities]",
    ).replace(', wire = "video_size"', "")
    assert changes(lambda now: None, text=derived) == []
    told = changes(lambda now: now["video_size"].update(enum=["auto", "square"]), text=derived)
    assert told == [
        ("changed", "video_size", '"wide" is sent, but not possible any more: requests with it are refused.')
    ]


def test_rows_sent_as_text_are_a_text() -> None:
    row = (
        '{ name = "shots", type = "rows", wire = { at = "shots", encode = "json" }, '
        'fields = [{ name = "prompt", type = "text" }] },'
    )
    text = SPEC.replace("]\n\n[request]", f"  {row}\n]\n\n[request]")
    assert changes(lambda now: now.update(shots={"type": "string"}), text=text) == []
    told = changes(lambda now: now.update(shots={"type": "boolean"}), text=text)
    assert [place for _, place, _ in told] == ["shots"]


def test_what_goes_out_of_use_is_not_offered() -> None:
    assert (
        changes(lambda now: now.update(old={"type": "string", "description": "Deprecated: use steps."})) == []
    )


def test_a_document_without_a_schema_is_told() -> None:
    found = drift(read(SPEC), drafted(fal({})), "acme/dream/text-to-video")
    assert [(each.what, each.sentence) for each in found] == [
        ("removed", "The provider's document has no input schema: nothing can be compared.")
    ]
