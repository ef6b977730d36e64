"""What was paid for is kept wherever that can be; and where it cannot, what is said of it helps and costs nothing."""

import errno
import itertools
from pathlib import Path
from typing import Any

import pytest

from providers.outcomes import FetchFailed, OutputFile, PollResult
from tests.clips import TITLE, in_latin_1, make_clip, make_sound
from tests.media_files import make_image
from tests.tasks.world import World
from web.api.schemas import job_answer

THERE = "The result stays at Acme: take it from your account there, or ask for it with the id op-{id}."


async def test_a_paid_video_with_long_sound_or_an_odd_title_is_a_success(
    world: World, tmp_path: Path
) -> None:
    videos = [
        make_clip(tmp_path / "a.webm", sound=5).read_bytes(),
        in_latin_1(make_clip(tmp_path / "b.mp4", title=TITLE)).read_bytes(),
        make_clip(tmp_path / "c.mkv", start=30).read_bytes(),
    ]
    async with world.worker():
        for world.acme.video in videos:
            done = await world.until(await world.order(), "succeeded")
            assert [(each.kind, each.duration, each.note) for each in done.outputs] == [("video", 2.0, "")]
    assert world.acme.fetches == len(videos)


async def test_in_doubt_a_result_is_kept_and_the_doubt_is_said(world: World, tmp_path: Path) -> None:
    cut = make_clip(tmp_path / "a.flv", seconds=6).read_bytes()
    world.acme.video = cut[: len(cut) // 2]
    async with world.worker():
        done = await world.until(await world.order(), "succeeded")
    (output,) = done.outputs
    assert output.note.startswith("The file may be incomplete: it says that it plays")
    assert job_answer(done).log == done.log == output.note
    assert (done.billing, world.acme.fetches) == ("billed", 1)


@pytest.mark.parametrize(
    ("name", "kind", "note"), [("a.mp3", "audio", "It holds sound but no picture."), ("a.bmp", "image", "")]
)
async def test_a_result_that_is_no_video_is_kept_too(
    world: World, tmp_path: Path, name: str, kind: str, note: str
) -> None:
    path = tmp_path / name
    made = make_sound(path) if kind == "audio" else make_image(path, name="BMP")
    world.acme.video = made.read_bytes()
    async with world.worker():
        done = await world.until(await world.order(), "succeeded")
    assert [(each.kind, each.note) for each in done.outputs] == [(kind, note)]


async def test_a_video_that_lacks_bytes_is_fetched_again_and_then_says_what_is_known(world: World) -> None:
    whole = len(world.acme.video)
    world.acme.video = world.acme.video[: whole * 2 // 3]
    async with world.worker():
        done = await world.until(await world.order(), "failed")
    assert world.acme.fetches == 3
    assert done.error is not None
    assert (done.error.kind, done.error.cause, done.error.retryable) == ("bad_output", "cut_off", False)
    assert done.error.sentence == (
        f"Acme delivered a video that is not whole: the file ends in the middle: {whole:,} bytes are announced, and "
        f"{whole * 2 // 3:,} are there. It was billed. The fault is not on this side. {THERE.format(id=done.id)}"
    )


async def test_one_file_that_cannot_be_had_does_not_cost_the_others(world: World) -> None:
    links = tuple(OutputFile(f"https://acme.test/{number}.mp4") for number in (1, 2, 3))
    world.acme.on_look = lambda _: PollResult("succeeded", outputs=links)
    turns = itertools.cycle(["whole", "too large", "whole"])

    def fetch(to: Any) -> Any:
        if next(turns) == "whole":
            return world.acme.whole_video(to)
        return FetchFailed("the file is larger than 5 MB", retryable=False, cause="too_large")

    world.acme.on_fetch = fetch
    async with world.worker():
        done = await world.until(await world.order(), "succeeded")
    assert [each.name for each in done.outputs] == ["video.mp4", "video-3.mp4"]
    assert done.outputs[0].note == "1 of 3 files could not be kept: the file is larger than 5 MB."
    assert (done.billing, done.error) == ("billed", None)


NEVER: list[tuple[FetchFailed, str, str]] = [
    (FetchFailed("the file was forwarded more than 5 times", retryable=False, cause="astray"), "storage",
     "The result could not be fetched from Acme: the file was forwarded more than 5 times. It was billed. "
     "The fault is not on this side."),
    (FetchFailed("the file's link is dead (410)", expired=True, retryable=False, cause="dead_link"), "expired",
     "The result could not be fetched from Acme: the file's link is dead (410). It was billed. "
     "The fault is not on this side."),
    (FetchFailed("the file is larger than 4300 MB", retryable=False, cause="too_large"), "storage",
     "The result is larger than this server keeps: the file is larger than 4300 MB. It was billed. "
     "SHOTLIST_MAX_RESULT_MB is the limit."),
    (FetchFailed("the file's server: it could not be reached"), "storage",
     "The result could not be fetched from Acme: the file's server: it could not be reached. It was billed."),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "begins"), NEVER, ids=lambda each: getattr(each, "cause", ""))
async def test_a_result_that_cannot_be_fetched_is_not_to_be_paid_for_again(
    world: World, answer: FetchFailed, kind: str, begins: str
) -> None:
    world.acme.on_fetch = lambda _: answer
    async with world.worker(save_tries=3):
        done = await world.until(await world.order(), "failed")
    assert done.error is not None
    assert (done.error.kind, done.billing, done.error.retryable) == (kind, "billed", False)
    assert done.error.sentence == f"{begins} {THERE.format(id=done.id)}"


async def test_a_disk_that_stays_full_is_the_only_reason_to_run_it_again_and_names_the_price(
    world: World,
) -> None:
    def full(_: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    world.acme.on_fetch = full
    async with world.worker(save_tries=3):
        done = await world.until(await world.order(), "failed")
    assert done.error is not None
    assert done.error.sentence == (
        "The result could not be stored here: No space left on device. It was billed. Make room on the disk of this "
        f"server. {THERE.format(id=done.id)} If it is gone there, run it again. "
        "Running it again costs about $1.40 again."
    )


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (OSError(errno.EIO, "Input/output error"), "Look after the storage of this server."),
        (ZeroDivisionError(), "The log of this server says more."),
    ],
)
async def test_trouble_of_our_own_does_not_speak_of_a_full_disk(
    world: World, trouble: Exception, says: str
) -> None:
    def fetch(_: Any) -> Any:
        raise trouble

    world.acme.on_fetch = fetch
    async with world.worker(save_tries=3):
        done = await world.until(await world.order(), "failed")
    assert done.error is not None
    assert says in done.error.sentence
    assert "room" not in done.error.sentence
    assert "run it again" not in done.error.sentence.lower()


async def test_in_the_sandbox_nothing_is_billed_whatever_the_provider_says(world: World) -> None:
    world.acme.on_fetch = lambda _: FetchFailed(
        "the file's link is dead (410)", expired=True, retryable=False
    )
    async with world.worker():
        done = await world.until(await world.order(sandbox=True), "failed")
    assert done.error is not None
    assert done.billing == "not_billed"
    assert " It was not billed. " in done.error.sentence


async def test_the_largest_result_is_what_the_settings_say(world: World) -> None:
    async with world.worker():
        await world.until(await world.order(), "succeeded")
    assert world.acme.limit == world.parts.settings.max_result_bytes == 4_300_000_000


async def test_a_late_failure_says_what_the_provider_says_then(world: World) -> None:
    world.acme.on_look = lambda _: PollResult("processing")
    async with world.worker():
        job = await world.order(deadline_sec=0.3)
        late = await world.until(job, "failed")
        assert late.error is not None
        assert "Shotlist goes on asking for a day" in late.error.sentence
        assert not late.error.retryable
        world.acme.on_look = lambda _: PollResult("failed", billing="not_billed")
        done = await world.now(job)
        while done.billing != "not_billed":
            done = await world.now(job)
    assert done.error is not None
    assert done.error.sentence == (
        "Acme did not finish in time: it took more than 0 minutes. It was not billed. "
        "Run it again, or choose a faster model. Running it again costs about $1.40."
    )
