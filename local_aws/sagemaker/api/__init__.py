"""How the service is asked: AWS's JSON protocol, checked by botocore's own model."""
