"""What SQS tells CloudWatch of its queues; the emulator's SQS tells it nothing."""
