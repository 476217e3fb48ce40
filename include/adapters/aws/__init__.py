"""AWS, by boto3: a room a service, and what all of them share."""
