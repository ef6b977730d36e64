"""What the tests that speak HTTP share: clients with a resolver of their own, and a line to a stub."""

import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from providers.client.http import HTTPClients
from providers.client.provider_client import ProviderClient
from providers.description.schema import ProviderDescription

TLS = Path(__file__).parent / "tls"  # a throw-away key for loopback; it opens nothing
KEY = "r8_secret_key_of_the_test"

LineTo: TypeAlias = Callable[[ProviderDescription, str], ProviderClient]
ClientsWith: TypeAlias = Callable[..., AbstractAsyncContextManager[HTTPClients]]


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    return context


def client_context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(TLS / "certificate.pem"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "comfyui: needs a ComfyUI server at SHOTLIST_COMFYUI_BASE_URL; else skips"
    )


class Names:
    """A resolver that a test writes: each name has its answers in turn, the last one for ever."""

    def __init__(self, names: dict[str, list[Sequence[str]]]) -> None:
        self.names = names
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self.names.get(host)
        if not answers:
            raise OSError("Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]


@asynccontextmanager
async def clients_with(
    names: dict[str, list[Sequence[str]]] | None = None, allowed: Callable[[str], bool] | None = None
) -> AsyncIterator[HTTPClients]:
    """Clients that trust the tests' certificate and look names up in `names`."""
    options = {"allowed": allowed} if allowed else {}
    async with HTTPClients(resolve=Names(names or {}), context=client_context(), **options) as clients:
        yield clients


@pytest.fixture
async def clients() -> AsyncIterator[HTTPClients]:
    async with clients_with() as made:
        yield made


@pytest.fixture
def line_to(clients: HTTPClients) -> LineTo:
    """A line with the test's key, at any origin."""
    return lambda wire, origin: ProviderClient(wire, origin, lambda: KEY, clients)
