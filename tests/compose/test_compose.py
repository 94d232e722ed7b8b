"""docker-compose.yml for real: two workers on the demo newsroom, one of them killed, stopped, and begun again.

Needs an engine (DOCKER_HOST) with both base images; `tests/compose/run` says how to have one. The tests build on each
other: each leaves the stack as the next one finds it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compose.stack import BUILT_WITHIN, IMAGE, Stack, docker, find_compose, find_obstacle, wait_for

pytestmark = pytest.mark.timeout(1500)

GRACE = 45.0
# wirekeep in the image: libraries 320 MB, of which 74 MB are the embedded PostgreSQL.
LARGEST_ADDITION = 400e6


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if obstacle := find_obstacle():
        pytest.skip(obstacle)
    stack = Stack(folder=tmp_path_factory.mktemp("stack"), compose=find_compose(), name="wirekeeptest")
    stack.prepare()
    stack.run("down", "--volumes", fail=False)
    try:
        stack.run("build", within=BUILT_WITHIN)
        stack.run("up", "--detach", "newsroom")
        wait_for((stack.folder / "config/newsroom.json").exists, 60, "the newsroom answers")
        stack.up(workers=2)
        yield stack
    finally:
        stack.run("down", "--volumes", fail=False)


def count_outcomes(stack: Stack) -> dict[str, int]:
    """Announced URLs by outcome; `pending` are those still owed a fetch."""
    found = stack.rows(
        "select sum(announced) as announced, sum(stored) as stored, sum(pending) as pending from archive.coverage"
    )
    return {key: int(value or 0) for key, value in found[0].items()}


def test_the_migration_ends_well_and_everything_is_healthy(stack: Stack) -> None:
    (migrate,) = stack.containers("migrate")
    assert (migrate.state["Status"], migrate.state["ExitCode"]) == ("exited", 0)
    assert stack.all_healthy()
    assert len(stack.containers("worker")) == 2


def test_two_workers_crawl_and_the_stories_are_in_the_database(stack: Stack) -> None:
    wait_for(lambda: (found := count_outcomes(stack))["announced"] and not found["pending"], 120, "all fetched")
    crawls = stack.rows("select worker_host, count(*) from archive.crawls group by 1")
    assert {row["worker_host"] for row in crawls} == {one.id[:12] for one in stack.containers("worker")}
    assert {row["url"] for row in stack.rows("select url from archive.articles")} == stack.expected_urls()
    assert "بكين" in stack.wirekeep("search", "بكين")
    assert stack.wirekeep("show", "--raw", stack.rows("select url from archive.articles limit 1")[0]["url"]).startswith(
        "HTTP/1.1 200"
    )


def test_containers_are_confined(stack: Stack) -> None:
    for container in [*stack.containers("worker"), *stack.containers("scheduler"), *stack.containers("migrate")]:
        host = container.facts["HostConfig"]
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["Init"]) == (True, ["ALL"], True)
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert host["Memory"] > 0
        assert host["PidsLimit"] == 512
    inside = stack.run(
        "exec",
        "-T",
        "worker",
        "sh",
        "-c",
        "id -u; grep CapBnd /proc/1/status; touch /x /opt/wirekeep/x 2>&1; touch /tmp/x && echo tmp",
    )
    assert inside.splitlines()[0] == "10001"
    assert "CapBnd:\t0000000000000000" in inside
    assert inside.count("Read-only file system") == 2
    assert inside.endswith("tmp\n")


def test_the_secret_is_in_no_environment_and_no_log(stack: Stack) -> None:
    secret = (stack.folder / "secrets/postgres_password").read_text().strip()
    for service in ("postgres", "migrate", "scheduler", "worker"):
        for container in stack.containers(service):
            assert secret not in str(container.facts)
    assert secret not in stack.run("logs")
    assert secret not in docker("history", "--no-trunc", IMAGE)


def test_only_workers_reach_the_web(stack: Stack) -> None:
    inside, outside = (f"{stack.name}_{name}" for name in ("inside", "outside"))
    networks = {
        name: set(stack.containers(name)[0].facts["NetworkSettings"]["Networks"]) for name in ("scheduler", "worker")
    }
    assert networks == {"scheduler": {inside}, "worker": {inside, outside}}
    assert docker("network", "inspect", "--format", "{{.Internal}}", inside).strip() == "true"


def test_the_image_carries_no_development_tools_and_is_of_sensible_size(stack: Stack) -> None:
    layers = docker("history", "--format", "{{.Size}}", "--human=false", IMAGE).split()
    assert sum(map(int, layers[:-1])) < LARGEST_ADDITION  # the last layer is the base image
    listing = docker("run", "--rm", "--entrypoint", "sh", IMAGE, "-c", "ls /opt/wirekeep/lib/python3*/site-packages")
    assert not {"pytest", "mypy", "ruff", "hypothesis", "pip", "setuptools"} & set(listing.split())


def test_a_killed_worker_is_started_again_and_its_file_is_sealed(stack: Stack) -> None:
    first = stack.containers("worker")[0]
    before = stack.rows("select count(*) from archive.crawls")[0]["count"]
    pid = next(one["pid"] for one in stack.status()["processes"] if one["host"] == first.id[:12])
    docker("exec", first.id, "sh", "-c", f"kill -9 {pid}")
    wait_for(lambda: stack.containers("worker")[0].facts["RestartCount"] == 1, 60, "the engine started it again")
    wait_for(lambda: "warc_recovered" in docker("logs", first.id, errors=True), 60, "the next worker sealed its file")
    wait_for(lambda: stack.rows("select count(*) from archive.crawls")[0]["count"] > before, 60, "crawls go on")
    wait_for(stack.all_healthy, 120, "healthy again")


def test_a_restarted_postgres_is_found_again(stack: Stack) -> None:
    stack.run("restart", "postgres")
    before = wait_for(lambda: stack.rows("select count(*) from archive.crawls"), 60, "an answer")[0]["count"]
    wait_for(lambda: stack.rows("select count(*) from archive.crawls")[0]["count"] > before, 60, "crawls go on")


def test_it_stops_within_its_grace_and_nothing_is_killed(stack: Stack) -> None:
    # Nine pages at the newsroom's pace of a second: the stop meets a crawl under way.
    stack.wirekeep("recrawl", "--source", "alwatan", "--force")
    # A job that was in hand when PostgreSQL went away holds its source until it is taken over: 30 s and a little.
    wait_for(
        lambda: any(crawl["kind"] != "scheduled" for crawl in stack.status()["crawls"]), 90, "the recrawl is under way"
    )
    began = time.monotonic()
    stack.run("stop", "postgres", "scheduler", "worker")
    assert time.monotonic() - began < GRACE
    for service in ("postgres", "scheduler", "worker"):
        for container in stack.containers(service):
            state = container.state
            assert (service, state["ExitCode"], state["OOMKilled"]) == (service, 0, False)
    files = stack.warc_files()
    assert len(files) >= 2
    assert [path for path in files if not path.endswith(".warc.gz")] == []
    stack.check_warcs()


def test_down_keeps_the_volumes_and_up_goes_on_where_it_was(stack: Stack, tmp_path: Path) -> None:
    files = stack.warc_files()
    stack.run("down")
    assert stack.containers("worker") == []
    stack.run("up", "--detach", "newsroom")
    stack.up(workers=2)
    stored, captures = (
        stack.rows(f"select count(*) from archive.{name}")[0]["count"] for name in ("articles", "captures")
    )
    assert stored == len(stack.expected_urls())
    wait_for(lambda: stack.rows("select count(*) from archive.captures")[0]["count"] > captures, 60, "fetching goes on")
    unfinished = "select id from archive.requests where state <> 'done'"
    wait_for(lambda: not stack.rows(unfinished), 60, "what the stop handed back is fetched")
    assert stack.rows("select count(*) from archive.articles")[0]["count"] == stored
    assert stack.rows("select count(*) from archive.revisions")[0]["count"] == stored
    assert set(files) < set(stack.warc_files())
