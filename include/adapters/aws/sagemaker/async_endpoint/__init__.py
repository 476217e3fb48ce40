"""SageMaker Asynchronous Inference, scaled from zero to n and back."""
