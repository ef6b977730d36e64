"""Which texts are data URIs, and what is in them."""

import pytest

from providers.data_uri import read_data_uri


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("data:image/png;base64,QUJD", ("image/png", b"ABC")),
        ("data:image/png;name=a;base64,QUJD", ("image/png", b"ABC")),
        ("data:;base64,QUJD", ("", b"ABC")),
        ("data:text/plain,A%20B", ("text/plain", b"A B")),
        ("data:image/png;base64,QUI%3D", ("image/png", b"AB")),
        ("data:image/png;base64,Q", None),
        ("data:image/png;base64,QUJD\n", None),
        ("data:image/png;base64", None),
        ("data:", None),
        ("DATA:;base64,QUJD", ("", b"ABC")),
        ("https://example.com/a,b", None),
        ("u1", None),
    ],
)
def test_a_data_uri_is_read_strictly(uri: str, expected: tuple[str, bytes] | None) -> None:
    assert read_data_uri(uri) == expected
