"""The page's routes: what Airflow's API server answers."""
