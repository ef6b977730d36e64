"""The model picker: a search over the catalogue by name, family, provider, mode, key and price.

GET  /video/models?q=…   what fits, as a fragment for the form's picker; without htmx a page of all models
POST /video/models       the same page without JavaScript, carrying along what was typed in the form
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from models.pricing import estimate, typical_price, unit_price
from models.spec.schema import Spec
from models.spec.values import MODE_LABELS
from providers.registry import ProviderSnapshot, ProviderSnapshots
from tasks.context import AppContext
from web.errors import AnyRequest
from web.layout import is_htmx, shell, show
from web.pages.card_text import about
from web.pages.form_data import FormData, Pair, read_form_data
from web.security import MAX_UPLOAD_REQUEST

MOST = 60  # models shown at once; the rest is a word away
RECENT = 3
AT_MOST = re.compile(r"<=?\$?(?P<usd>\d+(?:\.\d+)?)(?:/(?P<per>s|sec|second|min|minute))?")
SECONDS = {"second": 1, "minute": 60}


class ModelView(Struct, frozen=True):
    """One model in the picker."""

    key: str
    name: str
    provider: str
    price: str
    usual: str
    modes: str
    ready: bool
    why_not: str
    sandbox: bool
    billed: bool  # by the provider, to the operator's key
    tagged: bool  # played by the sandbox while others are real
    imported: bool  # made from the provider's schema, and not read through by a person


class Family(Struct, frozen=True):
    name: str
    models: tuple[ModelView, ...]


class Found(Struct, frozen=True):
    """What a search for `q` found; `more` are left out."""

    q: str
    families: tuple[Family, ...]
    total: int
    more: int


@get("/video/models", include_in_schema=False)
async def model_list(
    request: AnyRequest,
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    providers: NamedDependency[ProviderSnapshots],
    q: FromQuery[str] = "",
) -> Template:
    if is_htmx(request):
        listed = await _search(context, providers, owner, q)
        return show("_found.html" if "q" in request.query_params else "_models.html", found=listed)
    return _page(context, providers, q, ())


@post("/video/models", include_in_schema=False, status_code=200, request_max_body_size=MAX_UPLOAD_REQUEST)
async def model_list_with_form(
    request: AnyRequest,
    context: NamedDependency[AppContext],
    owner: NamedDependency[str],
    providers: NamedDependency[ProviderSnapshots],
) -> Template:
    form = await read_form_data(request, context, owner)
    return _page(context, providers, "", carried(form))


def carried(form: FormData) -> tuple[Pair, ...]:
    """A posted form as hidden inputs of another one."""
    rows = tuple(("_rows", f"{name}.{at}") for name, count in form.row_counts.items() for at in range(count))
    return (*form.pairs, *rows, ("model", form.drawn_model), ("_was", form.was), ("nonce", form.nonce))


def _page(context: AppContext, providers: ProviderSnapshots, q: str, pairs: tuple[Pair, ...]) -> Template:
    every = search(context, providers, q, most=None)
    return show("models.html", **shell(providers, ""), found=every, q=q, carried=pairs, plain=True)


async def _search(context: AppContext, providers: ProviderSnapshots, owner: str, q: str) -> Found:
    """An empty search begins with the models used lately."""
    if q.strip():
        return search(context, providers, q)
    jobs = await context.jobs.list_page(owner, limit=30)
    keys = list(dict.fromkeys(job.model for job in jobs))[:RECENT]
    lately = [spec for key in keys if (spec := context.catalogue.get(key))]
    rest = search(context, providers, "")
    first = (Family("Used lately", views(providers, lately)),) if lately else ()
    return Found(q, (*first, *rest.families), rest.total, rest.more)


def search(context: AppContext, providers: ProviderSnapshots, q: str, most: int | None = MOST) -> Found:
    """Models of which every word of `q` is somewhere in the name, family, provider, modes, key or price.

    A word such as `<$1` asks that a clip with the model's defaults surely costs at most so much; what is billed by the
    length of an input that may be any has no such price. `<$0.10/s` asks the same of a second, of clip or input.
    """
    words = q.lower().split()
    limits = [found for word in words if (found := AT_MOST.fullmatch(word))]
    plain = [word for word in words if not AT_MOST.fullmatch(word)]
    fits = [
        spec for spec in context.catalogue.all() if all(word in _haystack(providers, spec) for word in plain)
    ]
    for limit in limits:
        fits = [spec for spec in fits if _costs_at_most(spec, Decimal(limit["usd"]), limit["per"])]
    shown = fits[:most]
    groups: dict[str, list[ModelView]] = {}
    for spec, view in zip(shown, views(providers, shown), strict=True):
        groups.setdefault(spec.family, []).append(view)
    families = tuple(Family(name, tuple(members)) for name, members in groups.items())
    return Found(q, families, len(fits), len(fits) - len(shown))


def _costs_at_most(spec: Spec, usd: Decimal, per: str | None) -> bool:
    """For a clip with the model's defaults, or for a second or minute of what is counted."""
    if per is None:
        high = estimate(spec, {}, {}).high
        return high is not None and high <= usd
    unit = unit_price(spec, {}, {})
    if unit is None or unit.high is None or unit.per not in SECONDS:
        return False
    asked = SECONDS["minute" if per.startswith("m") else "second"]
    return unit.high * asked <= usd * SECONDS[unit.per]


def views(providers: ProviderSnapshots, specs: Iterable[Spec]) -> tuple[ModelView, ...]:
    return tuple(_view(spec, providers.get(spec.provider), providers.mixed) for spec in specs)


def _view(spec: Spec, provider: ProviderSnapshot, mixed: bool) -> ModelView:
    return ModelView(
        key=spec.key,
        name=spec.display_name,
        provider=provider.display_name,
        price=typical_price(spec),
        usual=about(spec.timing.typical_sec),
        modes=", ".join(MODE_LABELS[mode] for mode in spec.modes),
        ready=provider.ready,
        why_not="" if provider.ready else _why_not(provider),
        sandbox=provider.sandbox,
        billed=provider.real and _has_key(provider),
        tagged=mixed and provider.sandbox,
        imported=spec.status == "imported",
    )


def _has_key(provider: ProviderSnapshot) -> bool:
    """A server of one's own has none, and bills nothing."""
    return provider.description is not None and provider.description.auth is not None


def _why_not(provider: ProviderSnapshot) -> str:
    if provider.description is None:
        return f"no connection to {provider.name} is described"
    return f"needs a key of {provider.display_name}"


def _haystack(providers: ProviderSnapshots, spec: Spec) -> str:
    modes = " ".join(f"{mode} {MODE_LABELS[mode]}" for mode in spec.modes)
    named = f"{spec.display_name} {spec.family} {providers.get(spec.provider).display_name} {spec.provider} {spec.key}"
    return f"{named} {modes} {typical_price(spec)} {spec.status}".lower()


routes: list[ControllerRouterHandler] = [model_list, model_list_with_form]
