"""A button of the page that is pressed twice orders once; whatever else comes twice is two orders."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from models.spec.values import Values
from tasks.context import AppContext
from tasks.create_job import JobCreated, JobRequest, KeyReused, create_job, delete_job
from tasks.idempotency import is_same_but_files
from tasks.jobs.model import Job
from tasks.jobs.repository import JobRepository
from tasks.worker.queue import Queue
from tests.media_files import make_image
from tests.tasks.test_create_job import BOAT, KLING
from tests.tasks.world import Clock, World
from tests.web.pages.jobs import job

_nonces = itertools.count(1)


class Placing:
    """Orders with a clock that stands still until it is told; every press has a nonce of its own."""

    def __init__(self, context: AppContext) -> None:
        self.clock = Clock()
        self.parts = replace(context, jobs=JobRepository(context.database, self.clock))

    async def press(self, **more: Any) -> JobCreated:
        given = {"owner": "ann", "model": KLING, "values": dict(BOAT), "from_form": True, **more}
        given.setdefault("idempotency_key", f"nonce {next(_nonces)}")
        answer = await create_job(self.parts, JobRequest(**given))
        assert isinstance(answer, JobCreated), answer
        return answer

    async def count(self) -> int:
        ledger = await self.parts.database.rows("SELECT job FROM ledger")
        jobs = await self.parts.database.rows("SELECT id FROM job")
        assert len(ledger) == len(jobs)
        return len(jobs)


@pytest.fixture
def placing(world: World) -> Placing:
    return Placing(world.parts)


@pytest.mark.parametrize("seconds", [0, 0.08, 0.3, 0.99])
async def test_a_second_press_within_a_second_is_the_same_order(placing: Placing, seconds: float) -> None:
    first = await placing.press()
    placing.clock.now += seconds
    second = await placing.press()
    assert (first.replayed, first.repeated) == (False, False)
    assert (second.replayed, second.repeated) == (True, True)
    assert second.job == first.job
    assert await placing.count() == 1


@pytest.mark.parametrize("seconds", [1, 1.5, 3600])
async def test_a_press_a_second_later_is_another_order(placing: Placing, seconds: float) -> None:
    first = await placing.press()
    placing.clock.now += seconds
    second = await placing.press()
    assert not second.replayed
    assert second.job.id != first.job.id


@pytest.mark.parametrize(
    "changed",
    [
        {"values": {**BOAT, "prompt": "A paper plane"}},
        {"values": {**BOAT, "duration": 10}},
        {"values": {**BOAT, "negative_prompt": "blur"}},
        {"model": "hailuo-02", "values": {"prompt": "A paper boat"}},
        {"owner": "bob"},
        {"from_form": False},
    ],
)
async def test_whatever_is_changed_makes_it_another_order(placing: Placing, changed: dict[str, Any]) -> None:
    await placing.press()
    assert not (await placing.press(**changed)).replayed
    assert await placing.count() == 2


async def test_the_same_for_real_is_not_what_the_sandbox_was_asked_for(
    world: World, placing: Placing
) -> None:
    world.lines.sandbox = True
    await placing.press()
    world.lines.sandbox = False
    assert not (await placing.press()).replayed


async def test_a_default_that_the_form_writes_out_is_no_change(placing: Placing) -> None:
    first = await placing.press(values={"prompt": "A paper boat"})
    assert (await placing.press(values={**BOAT, "aspect_ratio": "16:9"})).job == first.job


@pytest.mark.parametrize("key", [None, "another for each"])
async def test_two_orders_of_a_program_are_two(placing: Placing, key: str | None) -> None:
    for number in range(2):
        given = key and f"{key} {number}"
        assert not (await placing.press(from_form=False, idempotency_key=given)).replayed
    assert await placing.count() == 2


async def test_a_button_that_is_hammered_orders_once_and_then_again_after_a_rest(placing: Placing) -> None:
    first = await placing.press()
    for _ in range(5):
        placing.clock.now += 0.7
        assert (await placing.press()).job == first.job
    placing.clock.now += 1
    assert not (await placing.press()).replayed


async def test_of_presses_that_arrive_at_once_exactly_one_orders(placing: Placing) -> None:
    answers = await asyncio.gather(*(placing.press() for _ in range(10)))
    assert [answer.replayed for answer in answers].count(False) == 1
    assert len({answer.job.id for answer in answers}) == 1
    assert await placing.count() == 1


async def test_the_nonce_of_a_repeat_gives_the_same_job_when_its_answer_was_lost(placing: Placing) -> None:
    first = await placing.press()
    await placing.press(idempotency_key="lost")
    placing.clock.now += 60
    again = await placing.press(idempotency_key="lost")
    assert (again.job, again.repeated) == (first.job, False)
    assert await placing.count() == 1


async def test_a_press_after_a_cancel_or_a_delete_is_no_repeat(placing: Placing) -> None:
    first = await placing.press()
    await placing.parts.jobs.request_cancel("ann", first.job.id)
    second = await placing.press()
    assert not second.replayed
    assert (await placing.press()).job == second.job
    await placing.parts.jobs.request_cancel("ann", second.job.id)
    assert await delete_job(placing.parts, "ann", second.job.id) is None
    assert not (await placing.press()).replayed


async def test_try_again_is_a_button_of_its_card(placing: Placing) -> None:
    cards = [await placing.press()]
    placing.clock.now += 2
    cards.append(await placing.press())
    placing.clock.now += 2
    once = [await placing.press(retry_of=card.job.id) for card in cards]
    twice = [await placing.press(retry_of=card.job.id) for card in cards]
    assert [answer.repeated for answer in (*once, *twice)] == [False, False, True, True]
    assert [answer.job.id for answer in once] == [answer.job.id for answer in twice]
    assert not (await placing.press()).replayed, "the form is another button"
    placing.clock.now += 1
    assert not (await placing.press(retry_of=cards[0].job.id)).replayed


class SlowQueue(Queue):
    """Takes three seconds to say that it is away."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    async def enqueue_submit(self, *_: Any, **__: Any) -> None:
        self.clock.now += 3


@pytest.mark.parametrize(("later", "orders"), [(0.1, 1), (1.1, 2)])
async def test_after_a_slow_answer_the_second_begins_with_the_answer(
    placing: Placing, later: float, orders: int
) -> None:
    slow = replace(placing.parts, queue=SlowQueue(placing.clock))
    await create_job(
        slow,
        JobRequest(owner="ann", model=KLING, values=dict(BOAT), from_form=True, idempotency_key="slow"),
    )
    placing.clock.now += later
    await placing.press()
    assert await placing.count() == orders


async def test_a_clock_that_was_set_back_does_not_refuse_orders_until_it_is_there_again(
    placing: Placing,
) -> None:
    await placing.press()
    placing.clock.now -= 3600
    assert not (await placing.press()).replayed
    assert (await placing.press()).repeated


# Files


async def handed_in(world: World, folder: Path, size: tuple[int, int]) -> str:
    path = make_image(folder / "boat.png", size)

    async def chunks() -> Any:
        yield path.read_bytes()

    upload = await world.parts.uploads.accept("ann", "boat.png", chunks())
    return str(getattr(upload, "id", upload))


async def test_a_form_posted_twice_with_its_file_is_one_order_and_with_another_file_none(
    world: World, placing: Placing, tmp_path: Path
) -> None:
    wish: Values = {"mode": "i2v", "prompt": "Go"}
    ids = [await handed_in(world, tmp_path, size) for size in ((640, 360), (640, 360), (360, 640))]
    first, again, other = ({**wish, "image": upload} for upload in ids)
    placed = await placing.press(values=first, idempotency_key="k")
    replayed = await placing.press(values=again, idempotency_key="k")
    assert (replayed.job, replayed.replayed) == (placed.job, True)
    refused = await create_job(
        placing.parts,
        JobRequest(owner="ann", model=KLING, values=other, from_form=True, idempotency_key="k"),
    )
    assert isinstance(refused, KeyReused)
    assert await placing.count() == 1


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"prompt": "a"}, {"prompt": "b"}),
        ({"prompt": "a"}, {"prompt": "a", "seed": 1}),
        ({"image": "up_1"}, {"image": "https://example.com/a.png"}),
        ({"images": ["up_1"]}, {"images": ["up_1", "up_2"]}),
        ({"loop": True}, {"loop": 1}),
        ({"image": "up_gone"}, {"image": "up_gone_too"}),
    ],
)
async def test_orders_that_differ_in_more_than_the_ids_of_equal_files_are_two(
    world: World, new: Values, old: Values
) -> None:
    async def same(one: Values, other: Values) -> bool:
        asked: tuple[Job, Job] = (job(values=one), job(values=other))
        return await is_same_but_files(world.parts.uploads, *asked)

    assert not await same(new, old)
    assert await same(new, dict(new))
