# The command with everything that it needs; the compose file runs it as worker, migrate and ingest.
FROM python:3.13-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /opt/callfunnel
COPY requirements.lock ./
RUN /opt/callfunnel/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY connectors connectors
COPY pipeline pipeline
COPY grafana grafana
COPY department department
RUN /opt/callfunnel/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --create-home callfunnel && install --directory --owner callfunnel /state
COPY --from=build /opt/callfunnel /opt/callfunnel
ENV PATH=/opt/callfunnel/bin:$PATH PYTHONUNBUFFERED=1
USER callfunnel
WORKDIR /home/callfunnel
ENTRYPOINT ["callfunnel"]
