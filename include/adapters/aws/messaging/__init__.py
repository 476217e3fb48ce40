"""SQS and SNS: queues of messages, and alerts sent on."""
