#!/bin/sh
# Makes the environment of the peers that the benchmarks measure beside us, apart from ours: news-please wants other
# versions of what we pin, and pip tries for ten minutes to bring both together.
# Usage: PYTHON=python3 sh scripts/peers.sh .venv-peers
# Every package is pinned in benchmarks/peers.lock and installed without its dependencies, so nothing is resolved: a
# minute. scripts/lock.sh writes the lock.
set -eu
venv=$1
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }

if [ -f "$venv/.installed" ] && cmp -s benchmarks/peers.lock "$venv/.installed"; then
    exit 0
fi
say "wirekeep: making the peers' environment in $venv (a minute) …"
"$python" -m venv --clear "$venv"
install() {
    if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >"$venv/install.log" 2>&1; then
        tail -n 15 "$venv/install.log" >&2
        say "wirekeep: the peers' installation failed; the whole log is in $venv/install.log"
        exit 1
    fi
}
# pip before 24 stumbles over lxml[html_clean] (an assertion of its own).
install --upgrade pip
install --no-deps -r benchmarks/peers.lock
cp benchmarks/peers.lock "$venv/.installed"
