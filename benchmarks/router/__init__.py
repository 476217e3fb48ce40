"""The router against fixed rules and a clairvoyant, in a simulated platform."""
