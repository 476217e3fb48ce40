"""The service put together: resources, routes, and an orderly start and end."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator

from aiohttp import web

from local_aws.autoscaling.service import AutoScaling
from local_aws.queues.queue_metrics import QueueMetrics
from local_aws.sagemaker.admin import Admin
from local_aws.sagemaker.api.protocol import ControlPlane, load_service_model
from local_aws.sagemaker.api.services import Services
from local_aws.sagemaker.api.tags import Tags
from local_aws.sagemaker.async_inference.async_inference import AsyncInference
from local_aws.sagemaker.async_inference.async_runtime import AsyncRuntime
from local_aws.sagemaker.endpoints.endpoint_capacities import EndpointCapacities
from local_aws.sagemaker.endpoints.endpoint_configs import EndpointConfigs
from local_aws.sagemaker.endpoints.endpoints import Endpoints
from local_aws.sagemaker.endpoints.runtime import Runtime
from local_aws.sagemaker.faults.fault_admin import FaultAdmin
from local_aws.sagemaker.jobs.job_kinds import PROCESSING, TRAINING, TRANSFORM
from local_aws.sagemaker.jobs.jobs import Jobs
from local_aws.sagemaker.jobs.processing import ProcessingRunner
from local_aws.sagemaker.models import Models
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.settings import Settings
from local_aws.sagemaker.telemetry.invocation_metrics import InvocationMetrics
from local_aws.sagemaker.training_jobs.training import TrainingRunner
from local_aws.sagemaker.training_jobs.training_interruption import Interruptions
from local_aws.sagemaker.transform_jobs.transform import TransformRunner

#: Above any limit a handler enforces itself, so that it can answer in AWS's words.
_MAX_BODY_BYTES = 64 * 1024 * 1024
#: Grace of containers when the whole service ends.
_SHUTDOWN_GRACE_S = 3.0


def build_application(settings: Settings) -> web.Application:
    """The service as an aiohttp application; its clean-up ends every container."""
    shutil.rmtree(settings.jobs_dir, ignore_errors=True)
    settings.jobs_dir.mkdir(parents=True)
    platform = Platform.build(settings)
    interruptions = Interruptions()
    processing = Jobs(PROCESSING, platform, ProcessingRunner(platform))
    transform = Jobs(TRANSFORM, platform, TransformRunner(platform))
    training = Jobs(TRAINING, platform, TrainingRunner(platform, interruptions))
    jobs = (processing, transform, training)
    asynchronous = AsyncInference(platform)
    endpoints = Endpoints(platform, asynchronous)
    capacities = EndpointCapacities(endpoints)
    autoscaling = AutoScaling(platform, capacities)
    models, tags = Models(platform), Tags(platform)
    resources = (*jobs, endpoints, capacities, EndpointConfigs(platform), models, tags)
    handlers = {name: each for part in resources for name, each in part.handlers().items()}
    metrics = InvocationMetrics(platform.cloudwatch)
    queues = QueueMetrics(
        platform.cloudwatch, settings.aws_endpoint_url, settings.account_id, settings.region
    )

    async def lifetime(_: web.Application) -> AsyncIterator[None]:
        if settings.faults is not None:
            platform.faults.apply(settings.faults)
        for kind in jobs:
            kind.recover()
        endpoints.recover()
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(platform.close)
            await stack.enter_async_context(metrics.publishing(settings.metrics_period_s))
            await stack.enter_async_context(queues.publishing(settings.metrics_period_s))
            await stack.enter_async_context(asynchronous.publishing(settings.backlog_period_s))
            await stack.enter_async_context(autoscaling.scaling())
            yield
            platform.grace_cap.seconds = _SHUTDOWN_GRACE_S
            await asyncio.gather(*(part.close() for part in (*jobs, endpoints)))

    faults = platform.faults
    sagemaker = ControlPlane(load_service_model(), handlers, faults)
    scaling_model = load_service_model("application-autoscaling")
    scaling = ControlPlane(scaling_model, autoscaling.handlers(), faults)
    services = Services({scaling_model.metadata["targetPrefix"]: scaling}, default=sagemaker)
    application = web.Application(client_max_size=_MAX_BODY_BYTES)
    application.cleanup_ctx.append(lifetime)
    application.add_routes(
        [
            web.post("/", services.handle),
            *AsyncRuntime(settings, endpoints, asynchronous.queues, faults).routes(),
            *Runtime(settings, endpoints, metrics, platform.faults).routes(),
            *Admin(training, interruptions).routes(),
            *FaultAdmin(platform.faults).routes(),
        ]
    )
    return application
