"""A SageMaker service whose jobs and endpoints really run, as subprocesses under the contract."""
