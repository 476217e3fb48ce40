"""SageMaker: versions and what serves them; serverless, asynchronous and job lanes apart."""
