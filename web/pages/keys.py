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

from providers.description.schema import ProviderDescription
from providers.outcomes import KeyCheck
from providers.registry import KeySource, ProviderSnapshot
from tasks.context import AppContext
from tasks.provider_keys import BadKey, UnreadableKey, ending
from web.errors import AnyRequest, RequestRefused
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
async def account_page(context: NamedDependency[AppContext]) -> Template:
    return await _page(context)


@post("/account/keys/{provider:str}", include_in_schema=False, status_code=200)
async def set_key(
    request: AnyRequest, provider: FromPath[str], context: NamedDependency[AppContext]
) -> Response[Any]:
    wire = _wire(context, provider)
    typed = str((await request.form()).get("key") or "")
    if wire.auth is None or context.registry.key_source(provider) == "environment":
        raise RequestRefused(
            409, "not_used", "A key that is set here would not be used. Nothing was changed."
        )
    answer = await context.keys.set(provider, typed)
    if isinstance(answer, BadKey):
        return await _page(context, wrong=provider, error=answer.sentence)
    return _back(provider)


@post("/account/keys/{provider:str}/test", include_in_schema=False, status_code=200)
async def test_key(provider: FromPath[str], context: NamedDependency[AppContext]) -> Response[Any]:
    wire = _wire(context, provider)
    if wire.check is not None:
        key = context.registry.key(provider)
        await context.keys.note_check(provider, key, await context.registry.check_key(provider))
    return _back(provider)


@post("/account/keys/{provider:str}/remove", include_in_schema=False, status_code=200)
async def remove_key(provider: FromPath[str], context: NamedDependency[AppContext]) -> Response[Any]:
    await context.keys.remove(_wire(context, provider).name)
    return _back(provider)


async def _page(context: AppContext, wrong: str = "", error: str = "") -> Template:
    await context.keys.refresh(0)
    providers = context.registry.snapshots()
    models = [spec.provider for spec in context.catalogue.all()]
    views = [
        await _view(
            context, each, each.description, models.count(each.name), error if each.name == wrong else ""
        )
        for each in sorted(providers.all(), key=lambda each: each.display_name.lower())
        if each.description is not None
    ]
    return show("account.html", **shell(providers, "account"), keys=views)


async def _view(
    context: AppContext,
    provider: ProviderSnapshot,
    description: ProviderDescription,
    models: int,
    error: str,
) -> KeyView:
    key, source = context.registry.key(description.name), context.registry.key_source(description.name)
    real = provider.real
    check = await context.keys.last_check(description.name, key) if real else None
    refused = check is not None and check.state == "refused"
    stands: Stands = (
        "off" if not provider.ready else "sandbox" if not real else "refused" if refused else "real"
    )
    return KeyView(
        provider=description.name,
        name=description.display_name,
        stands=stands,
        standing=STANDING[stands],
        state=_state(context, description, key, source),
        told=_told(description, check) if check else "",
        refused=refused,
        models=models,
        takes_key=description.auth is not None and source != "environment",
        usable=real,
        stored=context.keys.state(description.name) is not None,
        testable=description.check is not None,
        error=error,
    )


def _state(context: AppContext, description: ProviderDescription, key: str, source: KeySource | None) -> str:
    """Where the key comes from, in words."""
    if description.auth is None:
        where = context.settings.environ.get(description.base_url_name)
        missing = f"It needs no key, but an address: start Shotlist with {description.base_url_name}."
        return (
            f"It needs no key. Its address is set in the environment ({description.base_url_name})."
            if where
            else missing
        )
    held = context.keys.state(description.name)
    ends = f", ends in {ending(key)}" if ending(key) else ""
    if source == "environment":
        also = " The one stored here is not used while that is so." if held is not None else ""
        return f"Set in the environment ({description.auth.env}){ends}.{also}"
    if isinstance(held, UnreadableKey):
        return held.sentence
    return f"Stored here, encrypted{ends}." if source == "stored" else "No key."


def _told(description: ProviderDescription, check: KeyCheck) -> str:
    """What the last test of the key found."""
    match check.state:
        case "accepted":
            return (
                f"{description.display_name} accepts this key."
                if description.auth
                else f"{description.display_name} answers."
            )
        case "refused":
            return (
                f"{description.display_name} refuses this key ({check.why}). Nothing was billed: replace it."
            )
        case _:
            return f"The test could not tell whether this key is good ({check.why}). Nothing was billed."


def _wire(context: AppContext, provider: str) -> ProviderDescription:
    description = context.descriptions.get(provider)
    if description is None:
        raise RequestRefused(
            404, "not_found", f"There is no provider {provider!r} here. Nothing was changed."
        )
    return description


def _back(provider: str) -> Redirect:
    return Redirect(f"/account#{provider}", status_code=303)


routes: list[ControllerRouterHandler] = [account_page, set_key, test_key, remove_key]
