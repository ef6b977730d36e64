"""The official `replicate` package speaks to the sandbox as to the real service."""

import io
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError
from replicate.webhook import Webhooks, WebhookSigningSecret

from tests.providers.sandbox.running import RunningSandbox, in_order
from tests.support import PATIENCE

SMALL = {"resolution": "240p", "duration": 1}


@pytest.fixture
def client(calm_sandbox: RunningSandbox) -> Iterator[Client]:
    client = Client(
        api_token="any", base_url=f"{calm_sandbox.url}/replicate", timeout=httpx.Timeout(PATIENCE)
    )
    client.poll_interval = 0.05
    yield client
    client._client.close()


def test_a_prediction_runs_to_its_end(client: Client, calm_sandbox: RunningSandbox) -> None:
    progress: list[float] = []
    with calm_sandbox.held():
        prediction = client.models.predictions.create(
            "minimax/hailuo-02", input={"prompt": "A cat surfing", **SMALL}
        )
        statuses = [str(prediction.status)]
        while statuses[-1] not in ("succeeded", "failed", "canceled"):
            calm_sandbox.tick()
            prediction.reload()
            statuses.append(str(prediction.status))
            progress.append(prediction.progress.percentage if prediction.progress else 0.0)
    assert in_order(statuses) == ["starting", "processing", "succeeded"]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    assert calm_sandbox.ask("GET", str(prediction.output)).headers["content-type"] == "video/mp4"
    assert prediction.metrics
    assert prediction.metrics["predict_time"] > 0


def test_run_returns_the_output(client: Client, calm_sandbox: RunningSandbox) -> None:
    output = client.run("minimax/hailuo-02", input={"prompt": "A cat surfing", **SMALL})
    assert calm_sandbox.ask("GET", str(output)).status_code == 200
    version = "a" * 64
    assert client.run(f"minimax/hailuo-02:{version}", input={"prompt": "Pinned", **SMALL}, wait=False)


def test_a_deployment_takes_predictions(client: Client) -> None:
    made = client.deployments.predictions.create(("someone", "mine"), input={"prompt": "A cat", **SMALL})
    made.wait()
    assert made.status == "succeeded"


def test_a_failure_is_a_model_error(client: Client) -> None:
    with pytest.raises(ModelError, match="E005"):
        client.run("a/b", input={"prompt": "[fault: moderation]", **SMALL})


@pytest.mark.parametrize(
    ("fault", "status"), [("no_credit", 402), ("invalid_input", 422), ("rate_limit", 429)]
)
def test_a_refusal_is_an_error_with_its_status_and_words(client: Client, fault: str, status: int) -> None:
    with pytest.raises(ReplicateError) as refused:
        client.predictions.create(version="a/b", input={"prompt": f"[fault: {fault}]"})
    assert refused.value.status == status
    assert refused.value.title
    assert refused.value.detail


def test_a_cancel_ends_a_prediction(client: Client) -> None:
    prediction = client.predictions.create(version="a/b", input={"prompt": "[fault: endless]"})
    prediction.cancel()
    prediction.wait()
    assert prediction.status == "canceled"
    assert client.predictions.get(prediction.id).status == "canceled"


def test_a_file_is_uploaded_and_used(client: Client) -> None:
    image = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(image, "PNG")
    file = client.files.create(io.BytesIO(image.getvalue()), filename="frame.png", content_type="image/png")
    assert client.files.get(file.id).size == len(image.getvalue())
    made = client.predictions.create(
        version="a/b", input={"prompt": "A cat", "image": io.BytesIO(image.getvalue())}
    )
    assert made.input
    assert "/files/" in made.input["image"] or "/inputs/" in made.input["image"]
    assert client.files.delete(file.id)


def test_predictions_are_listed(client: Client) -> None:
    made = client.predictions.create(version="a/b", input={"prompt": "Listed"})
    assert client.predictions.list().results[0].id == made.id


def test_the_packages_own_check_accepts_a_webhook_of_ours(
    client: Client, calm_sandbox: RunningSandbox
) -> None:
    from providers.sandbox.webhook_sender import standard_signature

    secret = client.webhooks.default.secret()
    body = b'{"id":"x","status":"succeeded"}'
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1700000000"}
    headers["webhook-signature"] = standard_signature(secret.key, "msg_1", "1700000000", body)
    Webhooks.validate(headers=headers, body=body.decode(), secret=WebhookSigningSecret(key=secret.key))
