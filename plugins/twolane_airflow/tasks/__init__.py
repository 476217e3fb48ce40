"""What the DAGs do, as Airflow tasks: each calls one use case and hands on a small reference."""
