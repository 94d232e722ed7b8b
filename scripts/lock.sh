#!/bin/sh
# Writes requirements.lock (what a user installs: universal, with hashes, without download addresses) and
# requirements.constraints (the versions that development and CI use), benchmarks/peers.lock. Needs uv:  pip install uv
set -eu
compile() { uv pip compile - --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate --quiet "$@"; }
{
    uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-header --no-annotate --quiet
    # The build of the project itself needs setuptools, which no package of the run depends on.
    printf 'setuptools>=77\n' | compile --generate-hashes
} >requirements.lock
uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-emit-index-url \
    --no-header --no-annotate --quiet --output-file requirements.constraints
# The benchmarks' peers: what stands in the output file is preferred, so both sides measure the same lxml and htmldate.
cp requirements.constraints benchmarks/peers.lock
uv pip compile benchmarks/peers.in --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate \
    --quiet --output-file benchmarks/peers.lock
