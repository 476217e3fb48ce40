"""What reaches CloudWatch: metrics, and containers' lines."""
