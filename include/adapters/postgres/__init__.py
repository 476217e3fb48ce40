"""PostgreSQL (Aurora in the cloud), by psycopg 3."""
