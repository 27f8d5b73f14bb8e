# Beatporter with Prefect: the server, a worker and every command in one image; compose.yaml says which of them a container is.
# tests/contract/test_container.py carries these steps out in a folder, also where no container engine is at hand.
FROM python:3.12-slim AS packages
WORKDIR /build
COPY requirements.lock pyproject.toml ./
COPY deploy/runtime_requirements.py deploy/
RUN python -m venv /opt/beatporter
RUN python deploy/runtime_requirements.py requirements.lock > runtime.lock
RUN /opt/beatporter/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r runtime.lock -c runtime.lock

FROM python:3.12-slim
RUN useradd --create-home --uid 1000 beatporter && install -d -o beatporter -g beatporter /data
COPY --from=packages /opt/beatporter /opt/beatporter
WORKDIR /app
COPY prefect.yaml automations.yaml pyproject.toml README.md LICENSE ./
COPY deploy deploy
COPY beatporter beatporter
COPY cli cli
COPY flows flows
COPY orchestration orchestration
COPY sandbox sandbox
COPY tasks tasks
RUN /opt/beatporter/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -e .
# Nothing can be written there later, and without bytecode every run would compile two hundred modules.
RUN /opt/beatporter/bin/python -m compileall -q beatporter cli flows orchestration sandbox tasks
ENV PATH=/opt/beatporter/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BEATPORTER_HOME=/data \
    PREFECT_HOME=/data/prefect \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY=30 \
    PREFECT_LOGGING_EXTRA_LOGGERS=beatporter,orchestration \
    PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW=ignore
# Runs work in /data: there beatporter.toml is read, if there is one, and only there anything is written.
WORKDIR /data
USER beatporter
VOLUME /data
EXPOSE 4200
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s --retries=3 CMD ["python", "-m", "orchestration.healthcheck"]
CMD ["beatporter", "--help"]
