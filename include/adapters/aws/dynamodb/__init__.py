"""DynamoDB: the write store."""
