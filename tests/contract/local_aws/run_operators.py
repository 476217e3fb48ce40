"""Execute the Amazon provider's SageMaker operators, as a worker would, on the stack at hand.

Arguments: a stem of names, a bucket with ``in/``, an image, a role.
"""

import sys
from typing import Any
from unittest.mock import MagicMock

from airflow.providers.amazon.aws.hooks.sagemaker import LogState, SageMakerHook
from airflow.providers.amazon.aws.operators.sagemaker import (
    SageMakerEndpointConfigOperator,
    SageMakerEndpointOperator,
    SageMakerModelOperator,
    SageMakerProcessingOperator,
    SageMakerTrainingOperator,
    SageMakerTransformOperator,
)

QUICK = {"check_interval": 1, "wait_for_completion": True, "deferrable": False}


def s3_source(uri: str) -> dict[str, Any]:
    return {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}


def main(stem: str, bucket: str, image: str, role: str) -> None:
    context = MagicMock()
    base = f"s3://{bucket}"
    model = {
        "ModelName": f"{stem}-model",
        "ExecutionRoleArn": role,
        "PrimaryContainer": {"Image": image},
    }
    SageMakerModelOperator(task_id="model", config=model).execute(context)
    transform = {
        "TransformJobName": f"{stem}-transform",
        "ModelName": model["ModelName"],
        "TransformInput": {"DataSource": s3_source(f"{base}/in/"), "SplitType": "Line"},
        "TransformOutput": {"S3OutputPath": f"{base}/transformed/"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    SageMakerTransformOperator(task_id="transform", config=transform, **QUICK).execute(context)
    processing = {
        "ProcessingJobName": f"{stem}-process",
        "RoleArn": role,
        "AppSpecification": {
            "ImageUri": image,
            "ContainerEntrypoint": ["python3", "/opt/program/entrypoint.py", "process"],
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 1,
            }
        },
        "ProcessingInputs": [
            {
                "InputName": "documents",
                "S3Input": {
                    "S3Uri": f"{base}/in/",
                    "LocalPath": "/opt/ml/processing/input/documents",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "out",
                    "S3Output": {
                        "S3Uri": f"{base}/processed",
                        "LocalPath": "/opt/ml/processing/output",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
    }
    SageMakerProcessingOperator(task_id="process", config=processing, **QUICK).execute(context)
    training = {
        "TrainingJobName": f"{stem}-train",
        "RoleArn": role,
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "HyperParameters": {"steps": "2"},
        "InputDataConfig": [{"ChannelName": "training", "DataSource": s3_source(f"{base}/in/")}],
        "OutputDataConfig": {"S3OutputPath": f"{base}/models"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 1,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    SageMakerTrainingOperator(task_id="train", config=training, print_log=False, **QUICK).execute(
        context
    )
    # The operator's own log loop looks every 30 s; its part that reads is called once here.
    hook = SageMakerHook()
    hook.describe_training_job_with_log(
        training["TrainingJobName"], {}, [], 1, LogState.TAILING, {}, float("-inf")
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": model["ModelName"],
        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
    }
    config = {"EndpointConfigName": f"{stem}-config", "ProductionVariants": [variant]}
    SageMakerEndpointConfigOperator(task_id="config", config=config).execute(context)
    endpoint = {
        "EndpointName": f"{stem}-endpoint",
        "EndpointConfigName": config["EndpointConfigName"],
    }
    SageMakerEndpointOperator(
        task_id="endpoint", config=endpoint, wait_for_completion=False
    ).execute(context)


if __name__ == "__main__":
    main(*sys.argv[1:])
