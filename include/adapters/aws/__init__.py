"""AWS: S3, DynamoDB and SageMaker, by boto3."""
