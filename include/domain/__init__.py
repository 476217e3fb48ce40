"""What Twolane decides, in the standard library alone: no client, no clock, no environment."""
