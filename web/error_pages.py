"""How errors are shown: as JSON to programs and scripts, as a page to people."""

from collections.abc import Callable
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from tasks.context import AppContext
from tasks.errors import DatabaseAway
from tasks.storage.store import StorageAway
from web.errors import (
    AnyRequest,
    ErrorAnswer,
    RequestRefused,
    Unfit,
    on_away,
    on_bug,
    on_http_exception,
    on_invalid,
    on_not_text,
    on_refused,
    on_storage,
    on_unfit,
)
from web.layout import shell, show

TITLES = {
    403: "That was not done",
    404: "There is nothing here",
    413: "That is too large",
    503: "Not just now",
}


def exception_handlers(context: AppContext) -> ExceptionHandlersMap:
    """For the whole application."""

    def shown(
        handle: Callable[[AnyRequest, Any], Response[ErrorAnswer]],
    ) -> Callable[[AnyRequest, Any], Response[Any]]:
        def show_error(request: AnyRequest, error: Exception) -> Response[Any]:
            answer = handle(request, error)
            return _page(context, answer) if wants_page(request) else answer

        return show_error

    return {
        Unfit: on_unfit,
        RequestRefused: shown(on_refused),
        ValidationException: shown(on_invalid),
        HTTPException: shown(on_http_exception),
        UnicodeDecodeError: shown(on_not_text),
        DatabaseAway: shown(on_away),
        StorageAway: shown(on_storage),
        Exception: shown(on_bug),
    }


def wants_page(request: AnyRequest) -> bool:
    """Whether a person in a browser is to read the answer, rather than a program or our own script."""
    headers = request.headers
    return (
        not request.scope["path"].startswith("/api/")
        and "hx-request" not in headers
        and "text/html" in headers.get("accept", "")
    )


def _page(context: AppContext, answer: Response[ErrorAnswer]) -> Response[Any]:
    status = answer.status_code or 500
    title = TITLES.get(status, "That did not work")
    page = show(
        "problem.html",
        **shell(context.registry.snapshots(), ""),
        title=title,
        message=answer.content.error.message,
    )
    page.status_code, page.headers = status, answer.headers
    return page
