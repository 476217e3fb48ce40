#!/bin/bash
# Run once by the postgres image on an empty volume: a role and a database for each component.
set -euo pipefail

create() {
  psql --username "${POSTGRES_USER:-postgres}" --dbname postgres --quiet \
    --set ON_ERROR_STOP=1 --set name="$1" --set password="$2" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
}

create airflow "$AIRFLOW_DATABASE_PASSWORD"
create mlflow "$MLFLOW_DATABASE_PASSWORD"
create twolane "$PRODUCT_DATABASE_PASSWORD"
