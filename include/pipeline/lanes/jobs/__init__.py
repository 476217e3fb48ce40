"""The job lanes: SageMaker Processing and Batch Transform."""
