"""The composition of releasing models: prepared, trained, evaluated, judged.

A release's steps hand each other the S3 folder of its evidence; what a step learned stands there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from include.domain.release.catalog import load_catalog
from include.files.lanes_file import LanesFile
from include.files.release_policy import load_candidates, load_gates
from include.wiring.composition import Adapters
from include.wiring.models.training_code import code_digest, container_code, serving_digest

if TYPE_CHECKING:
    from include.domain.model_ref import ModelRef
    from include.pipeline.promotion.promote_model import PromotionRequest
    from include.pipeline.release.evidence import Evidence
    from include.pipeline.release.judge_release import JudgePorts
    from include.pipeline.release.release_ports import EvaluationJobs, ReleaseTracking
    from include.pipeline.release.release_records import ReleaseRequest
    from include.pipeline.release.release_report import Findings
    from include.pipeline.versions.ports import ReleaseRegistry, TrainingJobs

MAX_TRAINING_S = 6 * 3600
"""Fine-tuning with the folds of a cascade takes hours on two busy cores, minutes on a card."""


class ModelReleases(Adapters):
    """Use cases of a release, wired to their adapters; lanes and clock are the heir's."""

    lanes: LanesFile
    _now: Callable[[], datetime]

    def prepare_release(self, request: ReleaseRequest) -> Evidence:
        """Return the records of a release; see `include.pipeline.release.prepare_release`.

        What the request leaves open is the catalogue's.
        """
        from include.pipeline.release.catalog_request import complete
        from include.pipeline.release.evidence import Evidence
        from include.pipeline.release.prepare_release import (
            PreparePorts,
            ReleasePolicy,
            prepare_release,
        )

        policy = ReleasePolicy(
            allowed_buckets=self.settings.allowed | {self.settings.models_bucket},
            models_bucket=self.settings.models_bucket,
            plan=load_candidates(self.settings.candidates_file),
            profiles=self.lanes.profiles(),
            code_digest=code_digest(),
            serving_digest=serving_digest(),
            gpu_image=self.settings.gpu_image,
            is_emulated=self.settings.is_emulated,
            labels_may_change=load_gates(self.settings.gates_file).labels_may_change,
        )
        ports = PreparePorts(self.objects, self.registry, self.release_tracking, self._now)
        bucket = self.settings.models_bucket
        completed = complete(request, load_catalog(), models_bucket=bucket, objects=self.objects)
        planned = prepare_release(completed, policy, ports)
        return Evidence.of(self.objects, bucket, planned.request.model_name, planned.release_id)

    def release_evidence(self, folder: str) -> Evidence:
        """Return the records of a release."""
        from include.pipeline.release.evidence import Evidence

        return Evidence(self.objects, folder)

    def advance_trial(self, folder: str, trial_name: str) -> bool:
        """See `include.pipeline.release.train_trial`; whether the training job is done."""
        from include.pipeline.release.train_trial import TrialPorts, advance_trial

        evidence = self.release_evidence(folder)
        trial = next(each for each in evidence.plan().trials if each.name == trial_name)
        ports = TrialPorts(self.training_jobs, self.release_tracking)
        return advance_trial(
            evidence, trial, models_bucket=self.settings.models_bucket, ports=ports
        )

    def advance_evaluations(self, folder: str) -> bool:
        """See `include.pipeline.release.evaluate_release`; whether every job is done."""
        from include.pipeline.release.evaluate_release import advance_evaluations

        evidence = self.release_evidence(folder)
        return advance_evaluations(evidence, self.evaluation_jobs, self.release_tracking)

    def judge_release(self, folder: str, report: Callable[[str], None] = print) -> Findings:
        """See `include.pipeline.release.judge_release`."""
        from include.pipeline.release.judge_release import judge_release

        evidence = self.release_evidence(folder)
        return judge_release(
            evidence,
            load_gates(self.settings.gates_file),
            models_bucket=self.settings.models_bucket,
            ports=self._judge_ports(evidence.plan().request.model_name, report),
        )

    def fail_release(self, folder: str, message: str) -> None:
        """See `include.pipeline.release.fail_release`."""
        from include.pipeline.release.fail_release import fail_release

        fail_release(self.release_evidence(folder), message, self.release_tracking)

    def approved_promotion(self, folder: str, *, by: str, reason: str) -> PromotionRequest:
        """See `include.pipeline.release.approve_release`."""
        from include.pipeline.release.approve_release import approved_promotion

        return approved_promotion(self.release_evidence(folder), self.aliases, by=by, reason=reason)

    def note_rejection(self, folder: str, *, by: str, reason: str) -> ModelRef:
        """See `include.pipeline.release.approve_release.note_rejection`."""
        from include.pipeline.release.approve_release import note_rejection

        evidence = self.release_evidence(folder)
        return note_rejection(evidence, self.aliases, by=by, reason=reason, at=self._now())

    def _judge_ports(self, model_name: str, report: Callable[[str], None]) -> JudgePorts:
        from include.adapters.pictures.release_pictures import MatplotlibPictures
        from include.pipeline.release.judge_release import JudgePorts
        from include.pipeline.versions.publish_version import PublishPorts

        return JudgePorts(
            publish=PublishPorts(self.objects, self.release_registry(model_name), report),
            aliases=self.aliases,
            tracking=self.release_tracking,
            pictures=MatplotlibPictures(),
        )

    @cached_property
    def training_jobs(self) -> TrainingJobs:
        """SageMaker training, on the instances that the candidates name."""
        return self.training_jobs_on("ml.m5.large")

    def training_jobs_on(self, instance_type: str) -> TrainingJobs:
        """Return SageMaker training, on `instance_type` where a job names none."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.sagemaker.jobs.training_jobs import SageMakerTrainingJobs

        return SageMakerTrainingJobs(
            client("sagemaker", self.aws),
            image_uri=self.settings.training_image,
            torch_image_uri=self.settings.torch_image,
            role_arn=self.settings.role_arn,
            instance_type=instance_type,
            max_runtime_s=MAX_TRAINING_S,
        )

    @cached_property
    def evaluation_jobs(self) -> EvaluationJobs:
        """SageMaker Processing, with the image whose engine serves on the instance."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.sagemaker.jobs.evaluation_jobs import SageMakerEvaluationJobs

        return SageMakerEvaluationJobs(
            client("sagemaker", self.aws),
            image_uri=self.settings.training_image,
            gpu_image_uri=self.settings.gpu_image,
            role_arn=self.settings.role_arn,
        )

    def release_registry(self, model_name: str) -> ReleaseRegistry:
        """MLflow's registry, where versions are made; runs are in the model's experiment."""
        from include.adapters.mlflow_releases import MlflowReleaseRegistry

        return MlflowReleaseRegistry(
            self.settings.mlflow_tracking_uri,
            model_name,
            container_code(),
            load_catalog().about(model_name),
        )

    @cached_property
    def release_tracking(self) -> ReleaseTracking:
        """MLflow's experiments."""
        from include.adapters.mlflow_release_runs import MlflowReleaseRuns

        return MlflowReleaseRuns(self.settings.mlflow_tracking_uri)
