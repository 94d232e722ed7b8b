"""A checkout of this project brought up by docker-compose on a real engine, with the demo newsroom in its network."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from demo.server import Newsroom

ROOT = Path(__file__).resolve().parents[2]
# What the image is built from and the composition needs; nothing that is not in a clone.
PARTS = (
    "Dockerfile", ".dockerignore", "docker-compose.yml", ".env.example", "pyproject.toml", "requirements.lock",
    "README.md", "LICENSE", "cli.py", "scheduler.py", "archive", "commands", "crawler", "demo", "migrations", "service",
)  # fmt: skip
SUBNET, ADDRESS, PORT = "172.31.77.0/24", "172.31.77.10", 8899
# A name of its own: the image that a service on this machine runs is left alone.
IMAGE = "wirekeeptest:local"
# A cold image takes two minutes here, the stack half a minute to be healthy; three times that for slower machines.
BUILT_WITHIN, HEALTHY_WITHIN = 900.0, 180.0

T = TypeVar("T")


def find_compose() -> list[str]:
    """The command of Compose, v2 or v1; empty where there is neither."""
    if not _fails(["docker", "compose", "version"]):
        return ["docker", "compose"]
    return [] if _fails(["docker-compose", "version"]) else ["docker-compose"]


def find_obstacle() -> str | None:
    """Why nothing can be composed here; None where it can. Base images are never pulled: `tests/compose/run` does."""
    if _fails(["docker", "info"]):
        return "no container engine answers; tests/compose/run needs one"
    if not find_compose():
        return "the engine has no Compose"
    images = (
        os.environ.get("PYTHON_IMAGE", "python:3.11-slim-bookworm"),
        os.environ.get("POSTGRES_IMAGE", "postgres:17"),
    )
    missing = [image for image in images if _fails(["docker", "image", "inspect", image])]
    return f"the engine has no image {', '.join(missing)}; tests/compose/run pulls it" if missing else None


def _fails(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return True
    return subprocess.run(command, capture_output=True, check=False).returncode != 0


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container as the engine describes it."""

    id: str
    facts: dict[str, Any] = field(repr=False)

    @property
    def state(self) -> dict[str, Any]:
        """Its State."""
        return dict(self.facts["State"])

    @property
    def health(self) -> str:
        """healthy, unhealthy, starting, or none where it has no check."""
        return str(self.state.get("Health", {}).get("Status", "none"))


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A composed project in `folder`; `compose` is the command."""

    folder: Path
    compose: list[str]
    name: str

    def prepare(self) -> None:
        """The files that a person makes first: .env, a secret, an empty config folder."""
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, self.folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, self.folder / part)
        shutil.copy(ROOT / "tests/compose/newsroom.yml", self.folder / "newsroom.yml")
        shutil.copy(self.folder / ".env.example", self.folder / ".env")
        # The newsroom's container writes its sources.toml here, as a user that this machine does not have.
        (self.folder / "config").mkdir()
        (self.folder / "config").chmod(0o777)
        (self.folder / "secrets").mkdir(mode=0o700)
        (self.folder / "secrets/postgres_password").write_text(secrets.token_hex(24) + "\n")
        (self.folder / "secrets/postgres_password").chmod(0o644)

    def run(self, *arguments: str, within: float = 120.0, fail: bool = True) -> str:
        """A Compose command's standard output.

        Raises:
            AssertionError: it failed; with both its outputs.
        """
        files = ["-f", "docker-compose.yml", "-f", "newsroom.yml"]
        command = [*self.compose, "-p", self.name, *files, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment(), capture_output=True, timeout=within, check=False
        )
        # `show --raw` gives a page in its own charset.
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        assert not fail or done.returncode == 0, (
            f"{' '.join(arguments)}: {done.returncode}\n{out[-3000:]}\n{err[-3000:]}"
        )
        return out

    def _environment(self) -> dict[str, str]:
        hosts = [entry.partition("=")[0] for entry in _allowed_hosts()]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("WIREKEEP_")}
        return kept | {
            "WIREKEEP_ALLOW_ADDRESSES": json.dumps([f"{host}={ADDRESS}:{PORT}" for host in hosts]),
            "IMAGE": IMAGE,
            "NEWSROOM_ADDRESS": ADDRESS,
            "NEWSROOM_SUBNET": SUBNET,
            "NEWSROOM_NOW": _NOW,
            "COMPOSE_HTTP_TIMEOUT": "180",
        }

    def up(self, *, workers: int) -> None:
        """Bring it up and wait until every health check passes."""
        self.run("up", "--detach", "--scale", f"worker={workers}", within=HEALTHY_WITHIN)
        wait_for(self.all_healthy, HEALTHY_WITHIN, "every container healthy")

    def all_healthy(self) -> bool:
        """Whether every role and postgres is healthy."""
        found = [*self.containers("postgres"), *self.containers("scheduler"), *self.containers("worker")]
        return all(container.health == "healthy" for container in found)

    def containers(self, service: str) -> list[Container]:
        """A service's containers, stopped ones too, in the order of their names."""
        labels = [f"label=com.docker.compose.project={self.name}", f"label=com.docker.compose.service={service}"]
        # A one-off of `compose run` carries the same labels.
        labels.append("label=com.docker.compose.oneoff=False")
        ids = docker("ps", "--all", "--quiet", "--no-trunc", *(f"--filter={label}" for label in labels)).split()
        facts = json.loads(docker("inspect", *ids)) if ids else []
        return sorted((Container(id=one["Id"], facts=one) for one in facts), key=lambda one: one.facts["Name"])

    def wirekeep(self, *arguments: str) -> str:
        """A `wirekeep` command in the first worker, as a person gives it."""
        return self.run("exec", "-T", "worker", "wirekeep", *arguments)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of `wirekeep sql`."""
        return [json.loads(line) for line in self.wirekeep("sql", "--format", "jsonl", query).splitlines()]

    def expected_urls(self) -> set[str]:
        """URLs of the stories that a faultless archive of this newsroom holds, as it says itself."""
        ask = (
            "import http.client, sys; asked = http.client.HTTPConnection(*sys.argv[1:3]);"
            "asked.request('GET', '/expected', headers={'Host': 'control.newsroom.test'});"
            "sys.stdout.write(asked.getresponse().read().decode())"
        )
        return set(json.loads(self.run("exec", "-T", "newsroom", "python", "-c", ask, ADDRESS, str(PORT)))["articles"])

    def status(self) -> dict[str, Any]:
        """`wirekeep status --json`."""
        return dict(json.loads(self.wirekeep("status", "--json")))

    def warc_files(self) -> list[str]:
        """WARC files of the volume, without any service running."""
        command = [
            "--rm",
            "-v",
            f"{self.name}_warc:/warc:ro",
            "--entrypoint",
            "find",
            IMAGE,
            "/warc",
            "-type",
            "f",
        ]
        return sorted(docker("run", *command).split())

    def check_warcs(self) -> str:
        """What `warcio check` says of every sealed file; fails where one does not pass."""
        find = "find /warc -name '*.warc.gz' -exec warcio check {} +"
        return docker("run", "--rm", "-v", f"{self.name}_warc:/warc:ro", "--entrypoint", "sh", IMAGE, "-ec", find)


def docker(*arguments: str, errors: bool = False) -> str:
    """An engine command's standard output; with `errors` its error output too (a container's logs are in both).

    Raises:
        AssertionError: it failed; with its error output.
    """
    done = subprocess.run(["docker", *arguments], capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr.decode()[-2000:]}"
    return (done.stdout + (done.stderr if errors else b"")).decode()


def wait_for(found: Callable[[], T], seconds: float, what: str) -> T:
    """What `found` gives once it is true.

    Raises:
        AssertionError: not within `seconds`.
    """
    end = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(1.0)


def _allowed_hosts() -> tuple[str, ...]:
    with Newsroom() as newsroom:
        return newsroom.allow_addresses


# One moment for the whole run: a container made anew serves the same stories.
_NOW = datetime.now(UTC).replace(microsecond=0).isoformat()
