"""A platform in memory: batches arrive, a router places them, lanes do what their curves say."""
