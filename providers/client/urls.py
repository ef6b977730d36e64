"""Addresses under a provider's origin, kept relative to it, so that the origin may move under a job."""

from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what two addresses share that belong to one server."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default


def relative(url: str, origins: Iterable[str]) -> str | None:
    """A link out of an answer as it is stored; None if it is neither at one of the origins nor https.

    Under an origin "http://host:1/fal" it begins with "/"; elsewhere on that host with "/../".
    """
    if url.startswith("/") and not url.startswith("//"):
        return url
    try:
        for origin in origins:
            if origin_of(url) == origin_of(origin) and not urlsplit(url).username:
                return _below(url, origin)
        return url if urlsplit(url).scheme == "https" else None
    except ValueError:  # a port or an IPv6 address that is none
        return None


def _below(url: str, origin: str) -> str:
    parts, prefix = urlsplit(url), urlsplit(origin).path.rstrip("/")
    path = urlsplit(urljoin(url, parts.path or "/")).path  # without dot segments
    query = f"?{parts.query}" if parts.query else ""
    if path.startswith(f"{prefix}/"):
        return path[len(prefix) :] + query
    return "/.." * prefix.count("/") + path + query


def without_overlap(origin: str, path: str) -> str:
    """The origin less what the paths of calls begin with: people write "…/v1" as their SDKs want it."""
    own = origin_path = urlsplit(origin).path.rstrip("/")
    while own and not path.startswith(f"{own}/"):
        own = f"/{own[1:].partition('/')[2]}" if "/" in own[1:] else ""
    return origin[: len(origin) - len(own)] if own and origin.endswith(origin_path) else origin


def absolute(link: str, origin: str) -> str:
    """The stored link as an address again."""
    return urljoin(f"{origin.rstrip('/')}/", f".{link}") if link.startswith("/") else link


def forwarded(url: str, location: str, origin: str) -> str | None:
    """Where a redirect leads, as a stored link; None where we do not follow."""
    try:
        return relative(urljoin(url, location), [origin]) if location else None
    except ValueError:
        return None
