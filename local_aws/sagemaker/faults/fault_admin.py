"""``/_local/faults``: a path that AWS does not have, for scenarios of faults."""

import json

from aiohttp import web

from local_aws.faults.registry import Faults
from local_aws.faults.scenario_file import ScenarioError, parse_scenario


class FaultAdmin:
    """Apply, look at and clear the scenario."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        """The paths this answers."""
        path = "/_local/faults"
        return [
            web.put(path, self.apply),
            web.get(path, self.status),
            web.delete(path, self.clear),
        ]

    async def apply(self, request: web.Request) -> web.Response:
        """Make the scenario in the body, JSON, the active one; 400 says what is wrong with it."""
        try:
            scenario = parse_scenario(json.loads(await request.read()))
        except ScenarioError as error:
            return web.json_response({"message": str(error)}, status=400)
        except ValueError as error:
            return web.json_response({"message": f"the body is not JSON: {error}"}, status=400)
        self._faults.apply(scenario)
        return web.json_response(self._faults.status())

    async def status(self, request: web.Request) -> web.Response:
        """The active faults, their counts, and the hits."""
        return web.json_response(self._faults.status())

    async def clear(self, request: web.Request) -> web.Response:
        """End all faults; answers what the status was."""
        last = self._faults.status()
        self._faults.clear()
        return web.json_response(last)
