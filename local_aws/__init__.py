"""The embedded AWS: MiniStack and a SageMaker service that really runs jobs and endpoints."""
