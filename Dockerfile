# One image for web, workers, beat and the one-shot migration; which of them it is says the command.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/handoff
COPY requirements/run.txt /build/run.txt
RUN /opt/handoff/bin/pip install --quiet --require-hashes --no-deps -r /build/run.txt
COPY . /app
RUN /opt/handoff/bin/pip install --quiet --no-deps --no-build-isolation --editable /app

FROM python:3.12-slim
ENV PATH=/opt/handoff/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HANDOFF_DATA_DIR=/data HANDOFF_KEYRING_FILE=/keys/keys.json
# /data and /keys belong to the user before a volume covers them, so that a fresh volume does too.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin handoff \
    && install --directory --owner=handoff --mode=0700 /data /keys
COPY --from=build /opt/handoff /opt/handoff
COPY --from=build /app /app
WORKDIR /app
USER 10001
EXPOSE 8000
CMD ["handoff", "web", "--host", "0.0.0.0", "--port", "8000"]
