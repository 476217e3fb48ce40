"""``python -m local_aws.sagemaker``: the SageMaker service alone."""

from local_aws.sagemaker.command import main

if __name__ == "__main__":
    main()
