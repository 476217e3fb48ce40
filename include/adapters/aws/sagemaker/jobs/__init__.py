"""SageMaker's jobs: processing, transform, managed spot, training and evaluation."""
