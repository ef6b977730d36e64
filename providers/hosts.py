"""By which name a server is called, and whether a request comes from its own page: what both our servers ask first."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"({_LABEL}(?:\.{_LABEL})*\.?|\[[0-9a-f:.]+\])(?::([0-9]{{1,5}}))?", re.ASCII)


def host_name(host: str) -> str | None:
    """The name in a Host header, in lower case, without port and final dot; None where it is not `name[:port]`."""
    found = _HOST.fullmatch(host.lower())
    if found is None or int(found[2] or 0) > 65535:
        return None
    return found[1].rstrip(".")


def bracketed(host: str) -> str:
    """A host name or IP address as it stands in a Host header."""
    return f"[{host.lower()}]" if ":" in host else host.lower()


def is_own_origin(origin: str, host: str) -> bool:
    """Whether an Origin header names the server that the Host header names, port included."""
    scheme, _, rest = origin.lower().partition("://")
    return scheme in ("http", "https") and bool(rest) and rest == host.lower()


def headers_by_name(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Header values by lower-case name. One sent twice is joined by ", ": no host and no origin reads like that."""
    found: dict[str, str] = {}
    for raw, value in headers:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found
