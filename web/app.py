"""The web application: every route, behind one door, over parts that are passed in.

The pages are in `web.pages`, the JSON API in `web.api`, files in `web.files`. Here are:
GET /          to the page
GET /schema    OpenAPI as JSON (also /schema/openapi.json, /schema/openapi.yaml)
GET /healthz   this process answers
GET /readyz    database and queue answer too
"""

import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Literal

import msgspec
from litestar import Litestar, MediaType, Response, get
from litestar.config.compression import CompressionConfig
from litestar.di import NamedDependency, Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.response import Redirect

from providers.registry import ProviderSnapshots
from tasks.context import AppContext
from web import files, security
from web.api import jobs as api
from web.api import webhooks
from web.error_pages import exception_handlers
from web.errors import documented
from web.layout import template_config
from web.pages import keys as account
from web.pages import video as pages

REFRESH_SECONDS = 1.0
"""How often, at most, the model and provider files are looked at for changes."""


class Health(msgspec.Struct, frozen=True):
    """This process answers."""

    status: Literal["ok"] = "ok"


class Readiness(msgspec.Struct, frozen=True):
    """Whether what this process works with answers."""

    status: Literal["ok", "unavailable"]
    database: Literal["ok", "unreachable"]
    queue: Literal["ok", "unreachable"]


class Fresh:
    """Hands out the parts, after a look at the model and provider files, and at the keys, if the last one is old."""

    def __init__(self, context: AppContext, clock: Callable[[], float] = time.monotonic) -> None:
        self.parts = context
        self.clock = clock
        self.looked_at = clock()

    async def __call__(self) -> AppContext:
        now = self.clock()
        if now - self.looked_at >= REFRESH_SECONDS:
            self.looked_at = now
            self.parts.catalogue.refresh()
            self.parts.descriptions.refresh()
        await self.parts.keys.refresh()
        return self.parts


@get("/", include_in_schema=False)
async def front() -> Redirect:
    return Redirect("/video")


@get("/healthz", summary="This process answers", tags=["health"])
async def healthz() -> Health:
    """For whoever restarts it: touches nothing else."""
    return Health()


@get(
    "/readyz",
    summary="All that it needs answers",
    tags=["health"],
    responses={503: documented(Readiness, "Something does not answer")},
)
async def readyz(context: NamedDependency[AppContext]) -> Response[Readiness]:
    """503 while the database or the queue does not answer."""
    database, queue = await context.database.answers(), await context.queue.answers()
    ready = Readiness(
        status="ok" if database and queue else "unavailable",
        database="ok" if database else "unreachable",
        queue="ok" if queue else "unreachable",
    )
    return Response(ready, status_code=200 if ready.status == "ok" else 503)


async def provider_snapshots(context: NamedDependency[AppContext]) -> ProviderSnapshots:
    """How every provider stands, looked at once a request."""
    return context.registry.snapshots()


def create_app(context: AppContext) -> Litestar:
    """Everything is passed in; whoever built the parts closes them."""
    settings = context.settings
    app = Litestar(
        [
            front,
            healthz,
            readyz,
            *pages.routes,
            *account.routes,
            *api.routes,
            *files.routes,
            *webhooks.routes,
        ],
        dependencies={
            "context": Provide(Fresh(context)),
            "owner": Provide(security.owner),
            "providers": Provide(provider_snapshots),
        },
        exception_handlers=exception_handlers(context),
        template_config=template_config(),
        csrf_config=security.csrf_config(context.signed.secret),
        compression_config=CompressionConfig(
            backend="gzip", gzip_compress_level=5, exclude=["^/media/", "^/static/"]
        ),
        openapi_config=openapi_config(),
        request_max_body_size=security.MAX_REQUEST,
        logging_config=None,
        signature_types=[AppContext],
    )
    names = security.allowed_names(settings.host, settings.public_url)
    app.asgi_handler = security.guarded(app.asgi_handler, names)
    return app


def openapi_config() -> OpenAPIConfig:
    """The schema as data; a page of somebody else's scripts is not served."""
    return OpenAPIConfig(
        title="Shotlist",
        version=version("shotlist"),
        description="Order videos from any model of the catalogue, watch the jobs and fetch the results.",
        use_handler_docstrings=True,
        operation_id_creator=lambda handler, _method, _path: handler.handler_name,
        path="/schema",
        render_plugins=[
            JsonRenderPlugin(path=["/", "/openapi.json"], media_type=MediaType.JSON),
            YamlRenderPlugin(),
        ],
    )
