"""Paths under ``/_local/`` that AWS does not have: health, and events made on request."""

import json
from typing import Any

from aiohttp import web

from local_aws.sagemaker.jobs.jobs import Jobs
from local_aws.sagemaker.training_jobs.training_interruption import Interruption, Interruptions


class Admin:
    """Health of the service, and interruptions of spot jobs."""

    def __init__(self, training_jobs: Jobs, interruptions: Interruptions) -> None:
        self._training_jobs = training_jobs
        self._interruptions = interruptions

    def routes(self) -> list[web.RouteDef]:
        """The paths this answers."""
        return [
            web.get("/_local/health", self.health),
            web.post("/_local/training-jobs/{name}/interrupt", self.interrupt),
        ]

    async def health(self, request: web.Request) -> web.Response:
        """Answer 200 once the service takes requests."""
        return web.json_response({"status": "ok"})

    async def interrupt(self, request: web.Request) -> web.Response:
        """Take the capacity of a running spot job.

        The body may hold ``notice_s`` and ``capacity_after_s``; 404 for no running spot job.
        """
        name = request.match_info["name"]
        context = self._training_jobs.running(name)
        if context is None or not context.request.get("EnableManagedSpotTraining", False):
            return web.json_response({"message": f"no running spot job {name}"}, status=404)
        try:
            options: dict[str, Any] = json.loads(await request.read() or b"{}")
            interruption = Interruption(**{key: float(value) for key, value in options.items()})
        except (ValueError, TypeError, AttributeError) as error:
            return web.json_response({"message": f"bad options: {error}"}, status=400)
        self._interruptions.interrupt(name, interruption)
        return web.json_response({"interrupted": name})
