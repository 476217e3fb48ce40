"""The command line of the SageMaker service, and the loop that serves it."""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from aiohttp import web

from local_aws.faults.scenario_file import ScenarioError, load_scenario
from local_aws.sagemaker.application import build_application
from local_aws.sagemaker.settings import Settings

_HOST = "127.0.0.1"


def add_service_options(parser: argparse.ArgumentParser) -> None:
    """Options that both the combined and the single command take."""
    parser.add_argument("--state", type=Path, required=True, help="folder of its state")
    parser.add_argument("--images", type=Path, required=True, help="JSON map of container images")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--account", default="000000000000")
    parser.add_argument("--faults", type=Path, help="scenario of faults that is active at once")
    numbers = {
        "--instance-limit": (int, 20, "instances of one type and usage at once"),
        "--invocation-timeout": (float, 60.0, "seconds a container may take to answer"),
        "--startup-timeout": (float, 480.0, "seconds until /ping must answer"),
        "--serverless-idle": (float, 300.0, "seconds without a call until scale to zero"),
        "--serverless-environments": (int, 2, "processes of one serverless endpoint at the most"),
        "--stop-grace": (float, 120.0, "seconds between SIGTERM and SIGKILL"),
        "--metrics-period": (float, 60.0, "seconds between metric publications"),
        "--time-factor": (float, 1.0, "how many times faster alarms and cooldowns run"),
        "--spot-discount": (float, 0.7, "share of spot time that is not billed"),
        "--job-niceness": (int, 5, "how far a job yields the processor to endpoints"),
        "--poll": (float, 1.0, "seconds between looks at checkpoints"),
    }
    for option, (kind, default, text) in numbers.items():
        parser.add_argument(option, type=kind, default=default, help=f"{text} ({default:g})")


def settings_from(arguments: argparse.Namespace, state_dir: Path, aws_url: str) -> Settings:
    """Settings from parsed options.

    Raises:
        ScenarioError: the scenario of faults cannot be used.
    """
    return Settings(
        state_dir=state_dir.resolve(),
        images_file=arguments.images.resolve(),
        aws_endpoint_url=aws_url,
        region=arguments.region,
        account_id=arguments.account,
        instance_limit=arguments.instance_limit,
        invocation_timeout_s=arguments.invocation_timeout,
        startup_timeout_s=arguments.startup_timeout,
        serverless_startup_timeout_s=min(180.0, arguments.startup_timeout),
        serverless_idle_s=arguments.serverless_idle,
        serverless_environments=arguments.serverless_environments,
        stop_grace_s=arguments.stop_grace,
        metrics_period_s=arguments.metrics_period,
        time_factor=arguments.time_factor,
        spot_discount=arguments.spot_discount,
        job_niceness=arguments.job_niceness,
        poll_s=arguments.poll,
        faults=arguments.faults and load_scenario(arguments.faults),
    )


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM or Ctrl-C sets."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def serve(settings: Settings, port: int, stop: asyncio.Event, host: str = _HOST) -> None:
    """Serve, on loopback unless told otherwise, until ``stop`` is set, then end every container.

    Raises:
        OSError: the port is taken.
    """
    runner = web.AppRunner(build_application(settings), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        await stop.wait()
    finally:
        await runner.cleanup()


def configure_logging() -> None:
    """Changes of state, warnings and errors on standard error, with their time."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("local_aws").setLevel(logging.INFO)


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="local_aws.sagemaker", description=__doc__)
    parser.add_argument("--port", type=int, default=4570)
    parser.add_argument("--host", default=_HOST, help="a container listens on 0.0.0.0")
    parser.add_argument("--aws-endpoint", default="http://127.0.0.1:4566", help="S3, CloudWatch")
    add_service_options(parser)
    arguments = parser.parse_args()
    configure_logging()
    try:
        settings = settings_from(arguments, arguments.state, arguments.aws_endpoint)
    except ScenarioError as error:
        parser.exit(2, f"{error}\n")

    async def run() -> None:
        await serve(settings, arguments.port, stop_on_signals(), arguments.host)

    try:
        asyncio.run(run())
    except OSError as error:
        parser.exit(1, f"cannot listen on port {arguments.port}: {error}\n")
