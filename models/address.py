"""Whether a text is an address from which a provider, or we, could fetch a file; nothing is asked for here."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

LOCAL = ("localhost", "local", "internal", "home.arpa")


def is_public_https(address: str) -> bool:
    """False for another scheme, a host that is none or that lies inside somebody's own network, and for a password."""
    if not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and not parts.username and port != 0 and _is_public(host.rstrip("."))


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        labels = host.split(".")
        return all(labels) and len(labels) > 1 and not host.endswith(tuple(f".{name}" for name in LOCAL))
