"""Keys: they go to their company, come back in no word, and a free call tells a good one from a bad one."""

import pytest

from providers.client.http import HTTPClients
from providers.client.provider_client import ProviderClient
from providers.client.requests import Request
from providers.client.responses import HTTPResponse
from providers.description.catalogue import DescriptionCatalogue
from providers.outcomes import KeyCheck, Limited, Refused, Submission
from providers.registry import ProviderRegistry
from tests.providers.conftest import KEY
from tests.providers.descriptions import ALL, FOLDER, NAMES
from tests.providers.stub import HANG_UP, Asked, Reply, stub

KEY_OF_TWO = "access_key_of_the_test:secret_key_of_the_test"
SECRETS = ("access_key_of_the_test", "secret_key_of_the_test", "eyJhbGciOiJIUzI1NiIs")


def told_back(asked: Asked, status: int) -> Reply:
    words = " ".join([*asked.headers.values(), *asked.query.get("key", []), KEY_OF_TWO])
    return Reply(status, {"error": {"message": words}, "detail": words, "message": words, "failure": words})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [400, 429])
async def test_a_key_goes_to_its_company_and_comes_back_in_no_word(
    clients: HTTPClients, name: str, status: int
) -> None:
    order = Submission(name, "a/b", "", "t2v", {})
    async with stub({}, default=lambda asked: told_back(asked, status)) as server:
        line = ProviderClient(ALL[name], server.origin, lambda: KEY_OF_TWO, clients)
        outcome = await line.submit(order, {}, job_id="j")
    sent = str(server.asked[0].headers)
    assert any(secret in sent for secret in SECRETS) == (name != "comfyui")
    assert isinstance(outcome, Refused | Limited)
    assert "[key]" in outcome.error.message or name in ("pixverse", "comfyui", "minimax")
    assert not any(secret in str(outcome) for secret in SECRETS)


CHECKS = {
    "replicate": "GET /v1/predictions",
    "fal": "POST /storage/auth/token",
    "runway": "GET /v1/organization",
    "luma": "GET /dream-machine/v1/credits",
    "openai": "GET /v1/videos",
    "seedance": "GET /api/v3/contents/generations/tasks",
    "wan": "GET /api/v1/tasks",
    "minimax": "GET /v2/query/video_generation",
    "kling": "GET /v1/videos/text2video",
    "pixverse": "GET /openapi/v2/account/balance",
    "vidu": "GET /ent/v2/credits",
    "comfyui": "GET /system_stats",
}


@pytest.mark.parametrize("name", sorted(CHECKS))
async def test_a_free_call_tells_whether_a_key_is_good(clients: HTTPClients, name: str) -> None:
    for reply, state in [
        (Reply(200, {}), "accepted"),
        (Reply(401, {"message": "no such key"}), "refused"),
        (Reply(500), "unknown"),
        (Reply(429), "unknown"),
        (HANG_UP, "unknown"),
    ]:
        async with stub({CHECKS[name]: reply}) as server:
            check = await ProviderClient(ALL[name], server.origin, lambda: KEY, clients).check_key()
        assert server.asked
        assert (check.state, KEY in check.why) == (state, False)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("kling", {"code": 1002, "message": "access key not found"}),
        ("pixverse", {"ErrCode": 10003, "ErrMsg": "API key is not found"}),
        ("minimax", {"base_resp": {"status_code": 2049, "status_msg": "invalid api key"}}),
    ],
)
async def test_a_refused_key_is_told_by_the_envelope_too(
    clients: HTTPClients, name: str, body: dict[str, object]
) -> None:
    async with stub({CHECKS[name]: Reply(200, body)}) as server:
        check = await ProviderClient(ALL[name], server.origin, lambda: KEY, clients).check_key()
    assert check.state == "refused"
    assert check.why in str(body)


async def test_only_a_real_providers_key_is_checked(clients: HTTPClients) -> None:
    async with stub({CHECKS["runway"]: Reply(200, {"creditBalance": 5})}) as server:
        environ = {"SHOTLIST_RUNWAY_BASE_URL": server.origin}
        lines = ProviderRegistry(DescriptionCatalogue([FOLDER]), clients, environ, server.origin)
        assert await lines.check_key("runway") == KeyCheck("unknown", "there is no key to check")
        assert server.asked == []
        environ["RUNWAYML_API_SECRET"] = KEY
        assert await lines.check_key("runway") == KeyCheck("accepted")
        assert (await lines.check_key("xai")).state == "unknown"
        assert (await lines.check_key("nobody")).state == "unknown"


@pytest.mark.parametrize(
    "written", [r"sk\/secret+key\/123", r"\u0073k/secret+key/123", r"sk/secret\u002bkey\/123"]
)
async def test_a_key_that_comes_back_with_escapes_is_taken_out_too(
    clients: HTTPClients, written: str
) -> None:
    key, told = "sk/secret+key/123", f'{{"detail": "the key {written} is off", "seen": ["{written}"]}}'
    async with stub({}, default=Reply(401, told.encode())) as server:
        line = ProviderClient(ALL["luma"], server.origin, lambda: key, clients)
        outcome = await line.submit(Submission("luma", "m", "", "t2v", {}), {}, job_id="j")
        asked = await line.caller.ask(Request(method="GET", url="/x"))
    assert isinstance(outcome, Refused)
    assert outcome.error.message == "the key [key] is off"
    assert isinstance(asked, HTTPResponse)
    assert asked.body == {"detail": "the key [key] is off", "seen": ["[key]"]}


async def test_deep_nesting_with_escapes_is_an_answer(clients: HTTPClients) -> None:
    for depth in (500, 900, 990, 100_000):
        body = b'["\\/",' * depth + b"1" + b"]" * depth
        async with stub({}, default=Reply(200, body)) as server:
            asked = await ProviderClient(ALL["luma"], server.origin, lambda: KEY, clients).caller.ask(
                Request(method="GET", url="/x")
            )
        assert isinstance(asked, HTTPResponse)


async def test_klings_key_of_two_parts_is_signed_anew_for_each_request(clients: HTTPClients) -> None:
    async with stub({CHECKS["kling"]: Reply(200, {"code": 0, "data": []})}) as server:
        await ProviderClient(ALL["kling"], server.origin, lambda: KEY_OF_TWO, clients).check_key()
        await ProviderClient(ALL["kling"], server.origin, lambda: "one-part-key", clients).check_key()
    token, plain = (asked.headers["authorization"] for asked in server.asked)
    assert token.startswith("Bearer eyJ")
    assert plain == "Bearer one-part-key"
    assert not any(secret in token for secret in SECRETS[:2])


def test_every_key_is_read_from_the_name_that_the_company_uses() -> None:
    assert {name: wire.auth.env for name, wire in ALL.items() if wire.auth} == {
        "fal": "FAL_KEY",
        "kling": "KLINGAI_API_KEY",
        "luma": "LUMAAI_API_KEY",
        "minimax": "MINIMAX_API_KEY",
        "openai": "OPENAI_API_KEY",
        "pixverse": "PIXVERSE_API_KEY",
        "replicate": "REPLICATE_API_TOKEN",
        "runway": "RUNWAYML_API_SECRET",
        "seedance": "ARK_API_KEY",
        "veo": "GEMINI_API_KEY",
        "vidu": "VIDU_API_KEY",
        "wan": "DASHSCOPE_API_KEY",
        "xai": "XAI_API_KEY",
    }
