"""What only OpenAI's wire has: forms, bytes that need the key, remixes, and webhooks of the whole project."""

import pytest
from httpx import Response

from tests.providers.sandbox.inbox import Inbox
from tests.providers.sandbox.pictures import clip_size, picture
from tests.providers.sandbox.running import KEYS, RunningSandbox
from tests.providers.sandbox.services import OPENAI, at

SMALL = {"model": "wan-2.2", "seconds": "1", "size": "426x240"}


@pytest.mark.parametrize("bracketed", [False, True])
def test_a_form_is_taken_like_json(sandbox: RunningSandbox, bracketed: bool) -> None:
    fields = (
        SMALL
        | {"prompt": "A form"}
        | ({"input_reference[image_url]": "https://e.example/a.png"} if bracketed else {})
    )
    files = {name: (None, value) for name, value in fields.items()}
    made = sandbox.ask("POST", "/openai/v1/videos", files=files).json()
    assert (made["status"], made["size"], made["seconds"], made["prompt"]) == (
        "queued",
        "426x240",
        "1",
        "A form",
    )


def test_the_file_of_a_form_is_the_first_frame(sandbox: RunningSandbox) -> None:
    files = {"input_reference": ("a.png", picture(320, 200), "image/png")}
    form = {"model": "wan-2.2", "prompt": "From a frame", "seconds": "1"}
    made = sandbox.ask("POST", "/openai/v1/videos", data=form, files=files).json()
    OPENAI.watched(sandbox, made["id"])
    clip = sandbox.ask("GET", f"/openai/v1/videos/{made['id']}/content")
    assert clip_size(clip.content) == (320, 200)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"prompt": None}, "prompt"), ({"seconds": "5"}, "seconds"), ({"size": "1x1"}, "size")],
)
def test_a_value_that_sora_does_not_take_is_named(
    sandbox: RunningSandbox, change: dict[str, str | None], field: str
) -> None:
    answer = sandbox.ask("POST", "/openai/v1/videos", json={"model": "sora-2", "prompt": "x"} | change)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, field)
    assert answer.headers["x-request-id"]


def test_content_waits_for_the_end_and_so_does_delete(calm_sandbox: RunningSandbox) -> None:
    job_id = OPENAI.started(calm_sandbox, "To be deleted")
    assert calm_sandbox.ask("GET", f"/openai/v1/videos/{job_id}/content").status_code == 404
    assert calm_sandbox.ask("DELETE", f"/openai/v1/videos/{job_id}").status_code == 409
    last = OPENAI.watched(calm_sandbox, job_id)[-1]
    assert (last["progress"], last["expires_at"] > last["completed_at"]) == (100, True)
    assert calm_sandbox.ask("GET", f"/openai/v1/videos/{job_id}/content?variant=thumbnail").status_code == 400
    assert calm_sandbox.ask("DELETE", f"/openai/v1/videos/{job_id}").json()["deleted"] is True
    assert OPENAI.looked(calm_sandbox, job_id).status_code == 404


def test_a_remix_names_its_source_and_videos_are_listed_in_pages(sandbox: RunningSandbox) -> None:
    source = OPENAI.started(sandbox, "First")
    made = sandbox.ask("POST", f"/openai/v1/videos/{source}/remix", json={"prompt": "Second"}).json()
    assert (made["remixed_from_video_id"], made["size"], made["prompt"]) == (source, "426x240", "Second")
    page = sandbox.ask("GET", "/openai/v1/videos?limit=1").json()
    assert ([each["id"] for each in page["data"]], page["has_more"]) == ([made["id"]], True)
    after = sandbox.ask("GET", f"/openai/v1/videos?limit=1&after={made['id']}").json()
    assert after["data"][0]["id"] == source


@pytest.mark.parametrize(("prompt", "kind"), [("Told", "video.completed"), ("[fault: fail]", "video.failed")])
def test_the_projects_webhook_is_told_of_the_end_signed(
    sandbox: RunningSandbox, inbox: Inbox, prompt: str, kind: str
) -> None:
    registered = register(sandbox, url=inbox.url).json()
    job_id = OPENAI.started(sandbox, prompt)
    letter = inbox.next()
    assert letter.is_signed_by(registered["secret"])
    assert (at(letter.document, "type"), at(letter.document, "data.id")) == (kind, job_id)
    register(sandbox, url="")
    assert register(sandbox).status_code == 422


def register(sandbox: RunningSandbox, **body: str) -> Response:
    return sandbox.ask("POST", "/_sandbox/webhooks/openai", headers=KEYS["openai"], json=body)
