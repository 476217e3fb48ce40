"""The product behind the DAGs: domain, use cases, adapters and the one composition root."""
