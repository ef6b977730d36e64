"""Which texts are addresses from which a provider could fetch a file."""

import pytest

from models.spec.values import is_public_https

NONE = [
    "http://example.com/a.png", "https:///a.png", "https://a..b.com/a.png", "https://[::1", "https://x/a.png",
    "https://example.com/a b.png", "https://example.com/a\nb", "https://example.com:99999/a", "https://127.0.0.1/a",
    "https://169.254.169.254/latest", "https://10.0.0.7/a.png", "https://[fd00::1]/a", "https://nas.local/a.png",
    "https://localhost./a", "https://me:pw@example.com/a.png", "data:image/png;base64,AAAA",
]  # fmt: skip


@pytest.mark.parametrize("address", NONE)
def test_what_nobody_outside_can_fetch_is_no_address(address: str) -> None:
    assert not is_public_https(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/a.png", "https://example.com:8443/a.png?x=1#y", "https://example.com./a", "https://8.8.8.8/a",
        "https://[2606:4700::1111]/a", "https://müller.example/ä.png", "https://xn--mller-kva.example/a",
    ],
)  # fmt: skip
def test_a_public_https_address_is_one(address: str) -> None:
    assert is_public_https(address)
