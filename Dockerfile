# syntax=docker/dockerfile:1
# Production image: the locked dependencies and our code, nothing to build with, nothing of the demo or the tests.

FROM python:3.11-slim-bookworm AS build
ARG UV_VERSION=0.13.9
ENV UV_CACHE_DIR=/tmp/uv UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir --disable-pip-version-check "uv==${UV_VERSION}"
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/tmp/uv \
    uv sync --frozen --no-default-groups --no-install-project \
    && find .venv -name '__pycache__' -type d -prune -exec rm -rf {} +

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 coevolve \
    && useradd --system --uid 10001 --gid coevolve --home-dir /nonexistent --shell /usr/sbin/nologin coevolve \
    && install -d -o 10001 -g 10001 -m 750 /var/lib/coevolve
WORKDIR /app
COPY --from=build /app/.venv /app/.venv
COPY pyproject.toml ./
COPY coevolve ./coevolve
COPY workers ./workers
COPY migrations ./migrations
COPY templates ./templates
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    COEVOLVE_ENV=production
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "coevolve.deploy.probe", "http://127.0.0.1:8000/healthz"]
CMD ["granian", "--interface=wsgi", "--host=0.0.0.0", "--port=8000", "--workers=2", "--blocking-threads=4", "--no-ws", \
     "--workers-lifetime=6h", "--log-level=warning", "coevolve.wsgi:app"]
