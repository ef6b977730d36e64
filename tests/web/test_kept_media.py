"""Whatever a job made and we kept can be had: also a video in a format that no browser plays."""

import httpx
import pytest

from tasks.context import AppContext
from tasks.create_job import JobCreated, JobRequest, create_job

KLING = "kling-v2.1-master"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("video.mp4", "video/mp4"),
        ("video.mpegts", "video/mp2t"),
        ("video.avi", "video/x-msvideo"),
        ("audio.mp3", "audio/mpeg"),
        ("image.tiff", "application/octet-stream"),
        ("video.asf", "application/octet-stream"),
    ],
)
async def test_a_file_of_any_format_is_served_to_its_owner(
    web: httpx.AsyncClient, context: AppContext, name: str, kind: str
) -> None:
    values = {"prompt": "A kite"}
    placed = await create_job(
        context, JobRequest(owner="local", model=KLING, values=dict(values), from_form=False)
    )
    assert isinstance(placed, JobCreated)
    file = context.settings.data_dir / "media" / placed.job.id / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"paid for")
    answer = await web.get(f"/media/{placed.job.id}/{name}")
    assert (answer.status_code, answer.content) == (200, b"paid for")
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await web.get(f"/media/{placed.job.id}/other.mp4")).status_code == 404
