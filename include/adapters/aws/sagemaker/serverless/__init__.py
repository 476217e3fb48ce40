"""SageMaker Serverless Inference."""
