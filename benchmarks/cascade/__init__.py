"""What a trained cascade answers cheaply, what that costs in accuracy, and what it gains."""
