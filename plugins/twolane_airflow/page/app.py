"""The page's routes. Each asks Airflow who is there, and tells nobody anything."""

from __future__ import annotations

import logging
from functools import cache
from typing import Annotated

from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, FastAPI, HTTPException, Query, Response, status
from fastapi.responses import HTMLResponse, PlainTextResponse

from include.adapters.page.form import deadline_s, scenario_values
from include.adapters.page.page import ASSETS, CHOICES, asset, render_answers, render_page
from include.domain.errors import StoreError, TwolaneError
from include.files.scenarios import parse_traffic
from include.pipeline.page.what_if import Question
from include.wiring.page import page
from twolane_airflow.page.uploads import Filled, read_form, whole_days

DEFAULT_DAYS = 30
KEPT_S = 86_400
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; frame-ancestors 'self'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing is loaded from elsewhere, and no other site may frame the page."""

UNAVAILABLE = (
    "The database that keeps the figures does not answer. Try again in a minute; the log of "
    "Airflow's API server says what went wrong.\n"
)

_LOG = logging.getLogger(__name__)


@cache
def page_app() -> FastAPI:
    """Return the application; made once.

    Its own documentation is left out: those routes would ask for no user.
    """
    app = FastAPI(
        title="Twolane costs",
        dependencies=[Depends(get_user)],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.get("/", response_class=HTMLResponse)(show)
    app.post("/what-if", response_class=HTMLResponse)(answer)
    app.get("/assets/{version}/{name}")(serve)
    app.add_exception_handler(StoreError, _unavailable)
    return app


def show(days: Annotated[int, Query()] = DEFAULT_DAYS) -> HTMLResponse:
    """Return the page over the last days."""
    if days not in CHOICES:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"days is one of {CHOICES}")
    return HTMLResponse(render_page(page().overview(days)), headers=PAGE_HEADERS)


def answer(filled: Annotated[Filled, Depends(read_form)]) -> HTMLResponse:
    """Play the form's traffic through its fleet; nothing is kept."""
    form = filled.values
    try:
        question = Question(
            page().last_days(whole_days(form)),
            account=form.get("account", "").strip() or None,
            uploaded=filled.lines and parse_traffic(filled.lines, filled.file_name),
            deadline_s=deadline_s(form),
        )
        compare = bool(form.get("compare"))
        answers = page().what_if(scenario_values(form), question, compare=compare)
    except StoreError:
        raise
    except TwolaneError as exc:
        refused = render_answers([], form, refusal=str(exc))
        return HTMLResponse(refused, status.HTTP_422_UNPROCESSABLE_CONTENT, headers=PAGE_HEADERS)
    return HTMLResponse(render_answers(answers, form), headers=PAGE_HEADERS)


def serve(version: str, name: str) -> Response:
    """Return a file of the page; its address changes with it."""
    if name not in ASSETS:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "no such file")
    headers = {"Cache-Control": f"private, max-age={KEPT_S}, immutable"}
    return Response(asset(name), media_type=ASSETS[name], headers=headers)


def _unavailable(request: object, error: Exception) -> PlainTextResponse:
    """Tell the reader that there are no figures now; why stands in the log alone."""
    _LOG.error("the page has no figures: %s", error)
    return PlainTextResponse(
        UNAVAILABLE, status.HTTP_503_SERVICE_UNAVAILABLE, headers={"Cache-Control": "no-store"}
    )
