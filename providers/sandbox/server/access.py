"""Who may speak to the sandbox: programs, by a name of this machine, and no page of another site."""

from collections.abc import Collection, Mapping
from ipaddress import ip_address

from providers.hosts import LOOPBACK_NAMES, bracketed, host_name, is_own_origin
from providers.sandbox.server.asgi import Answer, json_answer

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened at


def names_of(host: str, more: Collection[str] = ()) -> frozenset[str]:
    """The names by which a sandbox that listens at `host` may be called; `more` are an operator's own."""
    return frozenset({*LOOPBACK_NAMES, bracketed(host), *(bracketed(name) for name in more)})


def refusal(headers: Mapping[str, str], names: frozenset[str]) -> Answer | None:
    """The answer to a request that may not come in; None for one that may. `headers` has lower-case names.

    Unlike a page of ours, nothing here is linked to by other sites, so not even a GET may come from one.
    """
    host = headers.get("host", "")
    name = host_name(host)
    if name is None or not (name in names or _is_address_of(name, names)):
        known = " or ".join(sorted(LOOPBACK_NAMES))
        return _refused(
            421, "wrong_host", f"The sandbox is not {host[:100] or 'without a name'}: call it {known}."
        )
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    if (origin is not None and not is_own_origin(origin, host)) or site not in ("same-origin", "none"):
        return _refused(403, "wrong_origin", "Another site sent this, so nothing was done.")
    return None


def _is_address_of(name: str, names: frozenset[str]) -> bool:
    """A sandbox that listens everywhere is called by any of its addresses; an address cannot be rebound."""
    if names.isdisjoint(bracketed(host) for host in EVERYWHERE):
        return False
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _refused(status: int, error_class: str, message: str) -> Answer:
    return json_answer(status, {"error": {"class": error_class, "message": message}})
