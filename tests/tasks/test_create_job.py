"""From a wish to a row: checks, price, frozen facts, and one job for each click."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

import models
from models.form.state import posted_state
from models.pricing import Estimate, estimate
from models.spec.catalogue import Catalogue
from models.spec.values import Values
from tasks.create_job import (
    NO_JOB,
    STILL_RUNNING,
    Invalid,
    JobCreated,
    JobRequest,
    KeyReused,
    NotReady,
    PriceRose,
    UnknownModel,
    create_job,
    delete_job,
    shown_price,
)
from tasks.jobs.model import Job
from tasks.storage.uploads import Upload
from tests.media_files import make_image
from tests.tasks.world import World

KLING = "kling-v2.1-master"
BOAT: Values = {"mode": "t2v", "prompt": "A paper boat", "duration": 5}


async def _place(world: World, values: dict[str, Any] | None = None, **more: Any) -> Any:
    given = {"owner": "ann", "model": KLING, "values": values or dict(BOAT), "from_form": False, **more}
    return await create_job(world.parts, JobRequest(**given))


async def _count(world: World) -> int:
    return len(await world.jobs.list_page("ann", limit=500))


def _price(world: World, values: dict[str, Any]) -> Estimate:
    spec = world.parts.catalogue.get(KLING)
    assert spec is not None
    return estimate(spec, values, {})


async def test_a_valid_wish_becomes_a_job_with_everything_frozen(world: World) -> None:
    answer = await _place(world)
    assert isinstance(answer, JobCreated)
    assert not answer.replayed
    job = answer.job
    spec = world.parts.catalogue.get(KLING)
    assert spec is not None
    assert (job.state, job.owner, job.model, job.provider) == ("queued", "ann", KLING, "replicate")
    assert (job.origin, job.sandbox) == ("https://acme.test", False)
    assert job.order.endpoint == spec.endpoint_for("t2v")
    assert job.order.body == {"input": {"prompt": "A paper boat", "duration": 5, "aspect_ratio": "16:9"}}
    assert job.estimate.high == "1.40"
    assert ("Prompt", "A paper boat") in job.labels
    assert await world.jobs.get("ann", job.id) == job


async def test_a_placed_job_is_picked_up_and_made(world: World) -> None:
    async with world.worker():
        answer = await _place(world)
        await world.until(answer.job, "succeeded")


async def test_a_spec_that_sends_two_values_to_one_place_orders_nothing_and_says_so(
    world: World, tmp_path: Path
) -> None:
    text = (Path(models.__file__).parent / f"{KLING}.toml").read_text()
    (tmp_path / f"{KLING}.toml").write_text(text.replace('wire = "input.*"', 'wire = "input"'))
    context = replace(world.parts, catalogue=Catalogue((tmp_path,)))
    answer = await create_job(
        context, JobRequest(owner="ann", model=KLING, values=dict(BOAT), from_form=False)
    )
    assert isinstance(answer, NotReady)
    assert "Nothing was ordered" in answer.sentence
    assert await _count(world) == 0


async def test_a_sandbox_job_freezes_no_address(world: World) -> None:
    world.lines.sandbox = True
    answer = await _place(world)
    assert (answer.job.origin, answer.job.sandbox) == ("", True)


async def test_wrong_values_are_told_all_at_once_and_make_no_job(world: World) -> None:
    answer = await _place(world, {"mode": "t2v", "duration": 7})
    assert isinstance(answer, Invalid)
    assert set(answer.errors) == {"prompt", "duration"}
    assert await _count(world) == 0


async def test_an_unknown_model_is_told_with_the_nearest(world: World) -> None:
    answer = await _place(world, model="kling-2.1-master")
    assert isinstance(answer, UnknownModel)
    assert f"Did you mean {KLING}?" in answer.sentence
    assert KLING in answer.sentence


async def test_a_provider_that_is_not_set_up_takes_no_order(world: World) -> None:
    world.lines.there = False
    answer = await _place(world)
    assert isinstance(answer, NotReady)
    assert "Nothing was ordered" in answer.sentence


async def test_a_full_disk_takes_no_order(world: World) -> None:
    class Full(type(world.parts.media)):  # type: ignore[misc]
        def has_room(self) -> bool:
            return False

    context = msgspec.structs.replace(world.parts, media=Full(world.parts.media.store))
    answer = await create_job(
        context, JobRequest(owner="ann", model=KLING, values=dict(BOAT), from_form=False)
    )
    assert isinstance(answer, NotReady)
    assert await _count(world) == 0


async def test_only_the_form_may_carry_values_of_hidden_fields(world: World) -> None:
    spec = world.parts.catalogue.get(KLING)
    assert spec is not None
    hidden: Values = {**BOAT, "image": "https://example.com/a.png"}
    assert "image" not in posted_state(spec, hidden, {}).given
    assert isinstance(await _place(world, dict(hidden)), Invalid)
    assert isinstance(await _place(world, dict(hidden), from_form=True), JobCreated)


# Idempotency


async def test_the_same_request_again_gets_the_same_job(world: World) -> None:
    first = await _place(world, idempotency_key="k1")
    again = await _place(world, idempotency_key="k1")
    assert isinstance(again, JobCreated)
    assert again.replayed
    assert again.job == first.job
    assert await _count(world) == 1


async def test_a_key_belongs_to_one_request_and_one_owner(world: World) -> None:
    await _place(world, idempotency_key="k1")
    other = await _place(world, {**BOAT, "prompt": "A paper plane"}, idempotency_key="k1")
    assert isinstance(other, KeyReused)
    assert "Nothing new was ordered" in other.sentence
    bob = await _place(world, idempotency_key="k1", owner="bob")
    assert isinstance(bob, JobCreated)
    assert not bob.replayed


async def test_the_order_of_keys_in_a_body_does_not_make_it_another_one(world: World) -> None:
    await _place(world, idempotency_key="k1")
    again = await _place(world, dict(reversed(BOAT.items())), idempotency_key="k1")
    assert isinstance(again, JobCreated)
    assert again.replayed


async def test_a_door_may_say_itself_what_the_body_was(world: World) -> None:
    await _place(world, idempotency_key="k1", body_hash="h")
    again = await _place(world, {**BOAT, "prompt": "other"}, idempotency_key="k1", body_hash="h")
    assert isinstance(again, JobCreated)
    assert again.replayed
    assert isinstance(await _place(world, idempotency_key="k1", body_hash="i"), KeyReused)


async def test_ten_double_clicks_at_once_make_one_job_and_one_submission(world: World) -> None:
    async with world.worker():
        answers = await asyncio.gather(*(_place(world, idempotency_key="k1") for _ in range(10)))
        assert len({answer.job.id for answer in answers}) == 1
        assert [answer.replayed for answer in answers].count(False) == 1
        await world.until(answers[0].job, "succeeded")
    assert len(world.acme.submitted) == 1


async def test_a_refused_wish_does_not_use_up_its_key(world: World) -> None:
    assert isinstance(await _place(world, {"mode": "t2v"}, idempotency_key="k1"), Invalid)
    assert isinstance(await _place(world, idempotency_key="k1"), JobCreated)


async def test_a_replay_of_a_deleted_job_orders_nothing(world: World) -> None:
    first = await _place(world, idempotency_key="k1")
    await world.jobs.request_cancel("ann", first.job.id)
    assert await delete_job(world.parts, "ann", first.job.id) is None
    assert isinstance(await _place(world, idempotency_key="k1"), KeyReused)
    assert await _count(world) == 0


async def test_without_a_key_two_requests_are_two_jobs(world: World) -> None:
    await _place(world)
    await _place(world)
    assert await _count(world) == 2


# Price


async def test_a_price_that_rose_since_it_was_shown_orders_nothing(world: World) -> None:
    price = _price(world, BOAT)
    assert price.high is not None
    lower = str(price.high - Decimal("0.01"))
    answer = await _place(world, shown_estimate=lower)
    assert isinstance(answer, PriceRose)
    assert answer.estimate == price
    assert await _count(world) == 0


@pytest.mark.parametrize("more", ["0", "0.01"])
async def test_a_price_that_did_not_rise_is_no_obstacle(world: World, more: str) -> None:
    price = _price(world, BOAT)
    assert price.high is not None
    assert shown_price(price) == str(price.high)
    answer = await _place(world, shown_estimate=str(price.high + Decimal(more)))
    assert isinstance(answer, JobCreated)


async def test_a_shown_price_that_is_no_number_shows_the_price_again(world: World) -> None:
    assert isinstance(await _place(world, shown_estimate="cheap"), PriceRose)
    assert isinstance(await _place(world, shown_estimate=""), JobCreated)


async def test_a_price_by_the_second_of_a_file_is_no_price_of_zero(world: World) -> None:
    spec = world.parts.catalogue.get("kling-avatar-v2")
    assert spec is not None
    values: Values = {
        "image": "https://example.com/a.png",
        "audio": "https://example.com/a.mp3",
        "quality": "std",
    }
    shown = shown_price(estimate(spec, {"quality": "std"}, {}))
    assert shown == "0.056/second"
    answer = await _place(world, values, model=spec.key, shown_estimate=shown)
    assert isinstance(answer, JobCreated)
    kept = answer.job.estimate
    assert (kept.low, kept.high, kept.shown) == (None, None, shown)
    assert kept.text == "$0.056 a second of your audio"
    dearer = await _place(world, {**values, "quality": "pro"}, model=spec.key, shown_estimate=shown)
    assert isinstance(dearer, PriceRose)
    assert "$0.11 a second of your audio" in dearer.sentence
    assert await _count(world) == 1


# Files and retries


async def _upload(world: World, tmp: Any) -> Upload:
    path = make_image(tmp / "boat.png", (640, 360))

    async def chunks() -> Any:
        yield path.read_bytes()

    upload = await world.parts.uploads.accept("ann", "boat.png", chunks())
    assert isinstance(upload, Upload)
    return upload


async def test_a_job_keeps_its_upload_until_it_is_deleted(world: World, tmp_path: Any) -> None:
    upload = await _upload(world, tmp_path)
    values = {"mode": "i2v", "prompt": "Go", "image": upload.id}
    async with world.worker():
        answer = await _place(world, values)
        assert isinstance(answer, JobCreated)
        await world.until(answer.job, "succeeded")
    assert world.acme.delivered == [upload.id]
    later = world.jobs.clock() + 90_000
    assert await world.parts.uploads.sweep(later) == 0
    assert await delete_job(world.parts, "ann", answer.job.id) is None
    assert await world.parts.media.find(answer.job.id, "video.mp4") is None
    assert await world.parts.uploads.sweep(later) == 1


async def test_anothers_upload_cannot_be_used(world: World, tmp_path: Any) -> None:
    upload = await _upload(world, tmp_path)
    answer = await _place(world, {"mode": "i2v", "prompt": "Go", "image": upload.id}, owner="bob")
    assert isinstance(answer, Invalid)
    assert set(answer.errors) == {"image"}


async def test_a_retry_is_a_new_job_that_names_the_old_one_of_the_same_owner(world: World) -> None:
    first = await _place(world)
    retry = await _place(world, retry_of=first.job.id)
    assert retry.job.retry_of == first.job.id
    assert retry.job.id != first.job.id
    stranger = await _place(world, retry_of=first.job.id, owner="bob")
    assert stranger.job.retry_of is None


async def test_a_live_job_is_not_removed(world: World) -> None:
    answer = await _place(world)
    job: Job = answer.job
    assert await delete_job(world.parts, "ann", job.id) == STILL_RUNNING
    assert await delete_job(world.parts, "bob", job.id) == NO_JOB
    assert await world.jobs.get("ann", job.id) is not None
