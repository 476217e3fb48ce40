"""Application Auto Scaling for SageMaker variants: targets, policies, activities."""
