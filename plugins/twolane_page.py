"""The Costs page in Airflow's menu.

Every component of Airflow runs this file when it starts, so it imports nothing of the page: the
API server does, when the page is first asked for.
"""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin


async def page(scope: Any, receive: Any, send: Any) -> None:
    """Hand a request to the page; an ASGI application."""
    from twolane_airflow.page.app import page_app

    await page_app()(scope, receive, send)


class TwolanePage(AirflowPlugin):
    """Shows the page at `/twolane/`, framed in Airflow's own at `/plugin/costs`."""

    name = "twolane_page"
    fastapi_apps = [{"app": page, "url_prefix": "/twolane", "name": "Twolane costs"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "Costs",
            "href": "twolane/",
            "destination": "nav",
            "url_route": "costs",
            "nav_top_level": True,
        }
    ]
