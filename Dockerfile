# Wirekeep in a container: non-root, nothing written outside /data and /tmp.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/wirekeep && /opt/wirekeep/bin/pip install --no-cache-dir --quiet --require-hashes -r requirements.lock
COPY . .
RUN /opt/wirekeep/bin/pip install --no-cache-dir --quiet --no-deps --no-build-isolation .

FROM ${PYTHON_IMAGE}
RUN groupadd --system --gid 10001 wirekeep \
    && useradd --system --uid 10001 --gid wirekeep --home-dir /data --shell /usr/sbin/nologin wirekeep \
    && install -d -o wirekeep -g wirekeep -m 0750 /data /data/warc
COPY --from=build /opt/wirekeep /opt/wirekeep
ENV PATH=/opt/wirekeep/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WIREKEEP_DATA_DIR=/data \
    WIREKEEP_LOG_FORMAT=json
USER wirekeep
WORKDIR /data
VOLUME ["/data", "/data/warc"]
ENTRYPOINT ["wirekeep"]
CMD ["--help"]
