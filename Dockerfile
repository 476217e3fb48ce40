# The Airflow image, for `astro dev start`, an Astro deployment and plain Compose.
#
# Runtime 3.3-8 carries Airflow 3.3.2. It ships Python 3.12 to 3.14 and no 3.11, so this image has
# its own lock, and the SageMaker SDK a virtual environment of its own: docs/adr/0001.
# This image has never been built where the project is developed; see docs/running-in-containers.md.
FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.12-base

USER root
COPY requirements/astro.lock requirements/sagemaker.lock /opt/requirements/
# The locks are complete. Airflow itself stays as the runtime has it: its local version satisfies
# the lock's.
RUN pip install --no-cache-dir --no-deps --requirement /opt/requirements/astro.lock
RUN python -m venv /opt/sagemaker \
    && /opt/sagemaker/bin/pip install --no-cache-dir --no-deps \
        --requirement /opt/requirements/sagemaker.lock
RUN mkdir -p /usr/local/airflow/logs && chown -R astro:0 /usr/local/airflow/logs

USER astro
WORKDIR /usr/local/airflow
COPY --chown=astro:0 dags dags
COPY --chown=astro:0 plugins plugins
COPY --chown=astro:0 include include
COPY --chown=astro:0 mlflow mlflow
ENV PYTHONPATH=/usr/local/airflow:/usr/local/airflow/plugins
