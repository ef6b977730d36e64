"""The official `lumaai` package speaks to the sandbox as to the real service."""

from collections.abc import Iterator

import lumaai
import pytest
from lumaai import LumaAI
from lumaai.types import Generation

from tests.providers.sandbox.running import RunningSandbox, in_order


@pytest.fixture
def client(calm_sandbox: RunningSandbox) -> Iterator[LumaAI]:
    with LumaAI(auth_token="any", base_url=f"{calm_sandbox.url}/luma/dream-machine/v1") as client:
        yield client


def watched(client: LumaAI, generation: Generation, sandbox: RunningSandbox) -> list[Generation]:
    seen = [generation]
    while seen[-1].state not in ("completed", "failed"):
        sandbox.tick()
        seen.append(client.generations.get(str(generation.id)))
    return seen


def test_a_generation_dreams_and_completes(client: LumaAI, calm_sandbox: RunningSandbox) -> None:
    with calm_sandbox.held():
        made = client.generations.create(model="ray-2", prompt="A bear", resolution="240p", duration="1s")
        seen = watched(client, made, calm_sandbox)
    assert in_order([each.state for each in seen]) == ["queued", "dreaming", "completed"]
    last = seen[-1]
    assert last.assets
    assert last.created_at
    assert calm_sandbox.ask("GET", str(last.assets.video)).headers["content-type"] == "video/mp4"
    assert client.generations.list(limit=1, offset=0).generations[0].id == last.id


def test_a_failure_has_a_reason(client: LumaAI, calm_sandbox: RunningSandbox) -> None:
    made = client.generations.create(model="ray-2", prompt="[fault: moderation]", resolution="240p")
    assert "moderation" in str(watched(client, made, calm_sandbox)[-1].failure_reason)


def test_an_empty_balance_is_a_400_with_its_words(client: LumaAI) -> None:
    with pytest.raises(lumaai.BadRequestError) as refused:
        client.generations.create(model="ray-2", prompt="[fault: no_credit]")
    assert refused.value.body == {"detail": "Insufficient credits"}


def test_a_deleted_generation_is_gone(client: LumaAI) -> None:
    made = client.generations.create(model="ray-2", prompt="[fault: endless]")
    client.generations.delete(str(made.id))
    with pytest.raises(lumaai.NotFoundError):
        client.generations.get(str(made.id))


def test_credits_concepts_and_ping_are_answered(client: LumaAI) -> None:
    assert client.credits.get().credit_balance > 0
    assert "dolly_zoom" in client.generations.concepts.list()
    assert client.ping.check().message
