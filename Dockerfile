# Wirekeep in a container: non-root, nothing written outside /data and /tmp.
# The libraries are a layer of their own: a new version of Wirekeep by itself is a few megabytes to build and to move.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS libraries
COPY requirements.lock /src/
RUN python -m venv /opt/wirekeep \
    && /opt/wirekeep/bin/pip install --no-cache-dir --quiet --require-hashes -r /src/requirements.lock

FROM libraries AS own
COPY . /src
RUN /opt/wirekeep/bin/pip install --no-cache-dir --quiet --no-deps --no-build-isolation --root /own /src

# pip and setuptools have done their work: the service never installs anything.
FROM libraries AS trimmed
RUN /opt/wirekeep/bin/pip uninstall --quiet --yes setuptools pip

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 wirekeep \
    && useradd --uid 10001 --gid wirekeep --no-create-home --home-dir /data --shell /usr/sbin/nologin wirekeep \
    && install -d -o wirekeep -g wirekeep -m 0755 /data \
    && install -d -o wirekeep -g wirekeep -m 0750 /data/warc
COPY --from=trimmed /opt/wirekeep /opt/wirekeep
COPY --from=own /own/opt/wirekeep /opt/wirekeep
ENV PATH=/opt/wirekeep/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WIREKEEP_DATA_DIR=/data \
    WIREKEEP_LOG_FORMAT=json
USER wirekeep
WORKDIR /data
ENTRYPOINT ["wirekeep"]
CMD ["--help"]
