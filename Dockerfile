# NovAlgo in a container: docs/howto/deploy.md. `docker compose up` builds it.

FROM python:3.11-slim-bookworm AS build
COPY requirements.txt /
RUN python -m venv --without-pip /venv && \
    python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-deps --require-hashes --only-binary :all: -r /requirements.txt
COPY app /novalgo/app
RUN /venv/bin/python -m compileall -q /novalgo/app

FROM python:3.11-slim-bookworm
RUN python -m pip uninstall --quiet --yes --root-user-action=ignore setuptools wheel pip && \
    groupadd --system --gid 10001 novalgo && \
    useradd --system --uid 10001 --gid novalgo --no-create-home novalgo && \
    install -d -o novalgo -g novalgo -m 0700 /data
COPY --from=build /venv /venv
COPY --from=build /novalgo /novalgo
COPY main.py gunicorn.conf.py LICENSE /novalgo/
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data HOST=0.0.0.0 PORT=8080
WORKDIR /novalgo
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=2)"]
CMD ["gunicorn", "-c", "gunicorn.conf.py", "main:app"]
