"""The keys: which providers have one, and setting, testing and removing them without a restart.

GET  /account                        every provider with the state of its key
POST /account/keys/{provider}        store a key, or replace the stored one
POST /account/keys/{provider}/test   ask the provider whether it takes the key, by a call that costs nothing
POST /account/keys/{provider}/remove forget the stored key
"""

from __future__ import annotations

from typing import Any, Literal

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Response, Template
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from providers.description.schema import Wire
from providers.outcomes import KeyCheck
from providers.registry import KeySource
from tasks.context import Parts
from tasks.provider_keys import BadKey, Unreadable, ending
from web.errors import AnyRequest, Refused
from web.layout import shell, show

Stands = Literal["real", "sandbox", "refused", "off"]

STANDING: dict[Stands, str] = {
    "real": "Real",
    "sandbox": "Sandbox",
    "refused": "Key refused",
    "off": "Cannot run",
}


class KeyView(Struct, frozen=True):
    """One provider on the page. Of its key there are only the last four characters."""

    provider: str
    name: str
    stands: Stands
    standing: str
    state: str
    told: str  # what the last test found; "" without one
    refused: bool
    models: int
    takes_key: bool  # a key typed here would be used
    usable: bool
    stored: bool
    testable: bool
    error: str


@get("/account", include_in_schema=False)
async def account_page(parts: NamedDependency[Parts]) -> Template:
    return await _page(parts)


@post("/account/keys/{provider:str}", include_in_schema=False, status_code=200)
async def set_key(
    request: AnyRequest, provider: FromPath[str], parts: NamedDependency[Parts]
) -> Response[Any]:
    wire = _wire(parts, provider)
    typed = str((await request.form()).get("key") or "")
    if wire.auth is None or parts.lines.key_source(provider) == "environment":
        raise Refused(409, "not_used", "A key that is set here would not be used. Nothing was changed.")
    answer = await parts.keys.set(provider, typed)
    if isinstance(answer, BadKey):
        return await _page(parts, wrong=provider, error=answer.sentence)
    return _back(provider)


@post("/account/keys/{provider:str}/test", include_in_schema=False, status_code=200)
async def test_key(provider: FromPath[str], parts: NamedDependency[Parts]) -> Response[Any]:
    wire = _wire(parts, provider)
    if wire.check is not None:
        key = parts.lines.key(provider)
        await parts.keys.note_check(provider, key, await parts.lines.check_key(provider))
    return _back(provider)


@post("/account/keys/{provider:str}/remove", include_in_schema=False, status_code=200)
async def remove_key(provider: FromPath[str], parts: NamedDependency[Parts]) -> Response[Any]:
    await parts.keys.remove(_wire(parts, provider).name)
    return _back(provider)


async def _page(parts: Parts, wrong: str = "", error: str = "") -> Template:
    await parts.keys.refresh(0)
    models = [spec.provider for spec in parts.catalogue.all()]
    views = [
        await _view(parts, wire, models.count(wire.name), error if wire.name == wrong else "")
        for wire in sorted(parts.wires.all(), key=lambda wire: wire.display_name.lower())
    ]
    return show("account.html", **shell(parts, "account"), keys=views)


async def _view(parts: Parts, wire: Wire, models: int, error: str) -> KeyView:
    key, source = parts.lines.key(wire.name), parts.lines.key_source(wire.name)
    choice = parts.lines.choose(wire.name)
    real = choice is not None and not choice.sandbox
    check = await parts.keys.last_check(wire.name, key) if real else None
    refused = check is not None and check.state == "refused"
    stands: Stands = "off" if choice is None else "sandbox" if not real else "refused" if refused else "real"
    return KeyView(
        provider=wire.name,
        name=wire.display_name,
        stands=stands,
        standing=STANDING[stands],
        state=_state(parts, wire, key, source),
        told=_told(wire, check) if check else "",
        refused=refused,
        models=models,
        takes_key=wire.auth is not None and source != "environment",
        usable=real,
        stored=parts.keys.state(wire.name) is not None,
        testable=wire.check is not None,
        error=error,
    )


def _state(parts: Parts, wire: Wire, key: str, source: KeySource | None) -> str:
    """Where the key comes from, in words."""
    if wire.auth is None:
        where = parts.settings.environ.get(wire.base_url_name)
        missing = f"It needs no key, but an address: start Shotlist with {wire.base_url_name}."
        return (
            f"It needs no key. Its address is set in the environment ({wire.base_url_name})."
            if where
            else missing
        )
    held = parts.keys.state(wire.name)
    ends = f", ends in {ending(key)}" if ending(key) else ""
    if source == "environment":
        also = " The one stored here is not used while that is so." if held is not None else ""
        return f"Set in the environment ({wire.auth.env}){ends}.{also}"
    if isinstance(held, Unreadable):
        return held.sentence
    return f"Stored here, encrypted{ends}." if source == "stored" else "No key."


def _told(wire: Wire, check: KeyCheck) -> str:
    """What the last test of the key found."""
    match check.state:
        case "accepted":
            return f"{wire.display_name} accepts this key." if wire.auth else f"{wire.display_name} answers."
        case "refused":
            return f"{wire.display_name} refuses this key ({check.why}). Nothing was billed: replace it."
        case _:
            return f"The test could not tell whether this key is good ({check.why}). Nothing was billed."


def _wire(parts: Parts, provider: str) -> Wire:
    wire = parts.wires.get(provider)
    if wire is None:
        raise Refused(404, "not_found", f"There is no provider {provider!r} here. Nothing was changed.")
    return wire


def _back(provider: str) -> Redirect:
    return Redirect(f"/account#{provider}", status_code=303)


routes: list[ControllerRouterHandler] = [account_page, set_key, test_key, remove_key]
