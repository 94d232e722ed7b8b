"""Whole crawls: documents before pages, robots, pace, the pipeline, being stopped, and the loop itself."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fetching import Crawl, HostPace, ListSink, Recorder, RobotsTable
from loopthread import run_in_loop
from misbehaving import Site, answer, hang, redirect, serving

from crawler.fetch import guard
from crawler.fetch.tasks import DocumentTask, Fetched, Missed, UrlTask
from crawler.records import DocumentKind

PIPELINE = "fetching.SinkPipeline"


@pytest.fixture
def crawl(tmp_path: Path) -> Iterator[Crawl]:
    made = Crawl(recorder=Recorder(tmp_path))
    yield made
    made.recorder.writer.close()


def pages(site: Site, count: int) -> list[UrlTask]:
    return [UrlTask(key=number, url=site.url(f"/{number}")) for number in range(count)]


def document(site: Site, number: int) -> DocumentTask:
    return DocumentTask(document_id=number, url=site.url(f"/feed/{number}"), kind=DocumentKind.FEED)


def robots(text: str) -> Any:
    return answer(text.encode(), "Content-Type: text/plain")


# ------------------------------------------------------------------------------------------ order and bounds


def test_documents_come_first_then_those_they_name_then_pages(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/feed/3": hang})

    async def work() -> ListSink:
        async with serving(site):
            guard.install([site.allowed])
            children = {1: (document(site, 2), document(site, 3)), 2: (document(site, 1), document(site, 2))}
            sink = ListSink(pages(site, 5), children)
            return await crawl.run(sink, documents=(document(site, 1),), pipeline=PIPELINE, timeout=0.5)

    sink = run_in_loop(work())
    assert sink.order == ["document"] * 2 + ["page"] * 5
    assert isinstance(sink.documents[3], Missed)
    assert sorted(sink.outcomes) == [0, 1, 2, 3, 4]
    assert [kept.purpose for kept in crawl.recorder.kept].count("feed") == 2


def test_no_more_is_taken_than_twice_what_runs_at_once(crawl: Crawl) -> None:
    site = Site(host="news.test")
    most = 0

    class SlowSink(ListSink):
        async def page(self, task: UrlTask, fetched: Fetched) -> None:
            nonlocal most
            await asyncio.sleep(0.01)
            await super().page(task, fetched)
            most = max(most, self.given - len(self.outcomes))

    async def work() -> ListSink:
        async with serving(site):
            guard.install([site.allowed])
            return await crawl.run(SlowSink(pages(site, 60)), pipeline=PIPELINE, concurrency=4)

    sink = run_in_loop(work())
    assert len(sink.outcomes) == 60
    assert most <= 3 * 4


def test_crawls_run_side_by_side(crawl: Crawl) -> None:
    sites = [Site(host=f"news{number}.test") for number in range(3)]

    async def work() -> list[ListSink]:
        async with serving(sites[0]), serving(sites[1]), serving(sites[2]):
            guard.install([site.allowed for site in sites])
            runs = [crawl.run(ListSink(pages(site, 20)), pipeline=PIPELINE) for site in sites]
            return await asyncio.gather(*runs)

    for sink in run_in_loop(work()):
        assert [type(one) for one in sink.outcomes.values()] == [Fetched] * 20


# ------------------------------------------------------------------------------------------ robots


def test_robots_are_fetched_once_obeyed_and_recorded(crawl: Crawl) -> None:
    site = Site(
        host="news.test", routes={"/robots.txt": robots("User-agent: wirekeep\nDisallow: /1\nCrawl-delay: 0.01")}
    )

    async def work() -> ListSink:
        async with serving(site):
            guard.install([site.allowed])
            sinks = [ListSink(pages(site, 9)), ListSink(pages(site, 9))]
            await asyncio.gather(*(crawl.run(sink) for sink in sinks))
            await crawl.run(ListSink(pages(site, 9)))
            return sinks[0]

    sink = run_in_loop(work())
    missed = sink.outcomes[1]
    assert isinstance(missed, Missed)
    assert (missed.kind, missed.retry, missed.captures) == ("robots", False, ())
    assert f"robots.txt of http://news.test:{site.port} disallows /1" in missed.detail
    assert [hit.path for hit in site.hits].count("/robots.txt") == crawl.robots.saves == 1
    assert "/1" not in site.paths()
    assert crawl.pace.delay[f"crawl-delay news.test:{site.port}"] == 0.01


@pytest.mark.parametrize("status", ["500 Oops", "503 Busy", "429 Slow"])
def test_unreachable_robots_hold_pages_back_until_they_are_asked_again(crawl: Crawl, status: str) -> None:
    site = Site(host="news.test", routes={"/robots.txt": answer(b"<html>", "Retry-After: 1", status=status)})

    async def work() -> Missed | Fetched:
        async with serving(site):
            [outcome] = await crawl.fetch(site.url("/a"), sites=[site])
            return outcome

    missed = run_in_loop(work())
    assert isinstance(missed, Missed)
    assert (missed.kind, missed.retry) == ("robots", True)
    assert missed.until is not None
    assert missed.until > datetime.now(UTC) + timedelta(minutes=9)
    assert site.paths() == []
    assert bool(crawl.pace.paused) is (status[0:3] != "500")


def test_last_good_robots_rule_while_new_ones_cannot_be_had(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/robots.txt": robots("User-agent: *\nDisallow: /no")})

    async def work() -> list[Any]:
        async with serving(site):
            await crawl.fetch(site.url("/yes"), sites=[site])
            for origin, copy in crawl.robots.copies.items():
                crawl.robots.copies[origin] = replace(copy, expires_at=datetime.now(UTC))
            site.routes["/robots.txt"] = answer(b"", status="500 Oops")
            return await crawl.fetch(site.url("/yes"), site.url("/no"), sites=[site])

    yes, no = run_in_loop(work())
    assert yes.status == 200
    assert no.kind == "robots"


def test_host_that_wants_more_than_two_minutes_is_skipped_with_that_reason(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/robots.txt": robots("User-agent: *\nCrawl-delay: 600")})

    async def work() -> Any:
        async with serving(site):
            return await crawl.fetch(site.url("/a"), sites=[site])

    [missed] = run_in_loop(work())
    assert missed.kind == "robots"
    assert "crawl-delay of 600 s" in missed.detail
    assert site.paths() == []


def test_robots_are_followed_through_five_redirects_and_missing_past_that(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/robots.txt": redirect("/r1"), "/r5": robots("User-agent: *\nDisallow: /a")})
    for number in range(1, 5):
        site.routes[f"/r{number}"] = redirect(f"/r{number + 1}")

    async def work() -> tuple[Any, Any]:
        async with serving(site):
            [within] = await crawl.fetch(site.url("/a"), sites=[site])
            crawl.robots.copies.clear()
            site.routes["/r5"], site.routes["/r6"] = redirect("/r6"), robots("User-agent: *\nDisallow: /a")
            [past] = await crawl.fetch(site.url("/a"), sites=[site])
            return within, past

    within, past = run_in_loop(work())
    assert within.kind == "robots"
    assert past.status == 200


def test_robots_of_a_redirects_target_are_asked_too(crawl: Crawl) -> None:
    site = Site(host="news.test")
    other = Site(host="other.test", routes={"/robots.txt": robots("User-agent: *\nDisallow: /")})

    async def work() -> Any:
        async with serving(site), serving(other):
            site.routes["/a"] = redirect(other.url("/b"))
            return await crawl.fetch(site.url("/a"), sites=[site, other])

    [missed] = run_in_loop(work())
    assert (missed.kind, missed.url) == ("robots", other.url("/b"))
    assert len(missed.captures) == 1
    assert other.paths() == []


def test_source_may_be_told_to_ignore_robots(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/robots.txt": robots("User-agent: *\nDisallow: /")})

    async def work() -> Any:
        async with serving(site):
            return await crawl.fetch(site.url("/a"), sites=[site], robots="ignore")

    [page] = run_in_loop(work())
    assert page.status == 200
    assert [hit.path for hit in site.hits] == ["/a"]


# ------------------------------------------------------------------------------------------ pace


def test_server_never_sees_a_gap_below_the_delay(tmp_path: Path) -> None:
    """Two crawls on one host, robots, redirects and a repetition: the server's own log is the judge."""
    site = Site(host="news.test", routes={"/1": redirect("/2"), "/3": answer(b"", status="500 Oops")})
    pace, table, delay = HostPace(), RobotsTable(), 0.12
    crawls = [Crawl(recorder=Recorder(tmp_path / str(n)), pace=pace, robots=table) for n in range(2)]

    async def work() -> None:
        async with serving(site):
            guard.install([site.allowed])
            await asyncio.gather(*(one.run(ListSink(pages(site, 6)), delay=delay) for one in crawls))

    run_in_loop(work())
    times = [hit.at for hit in site.hits]
    assert len(times) == 1 + 2 * 7
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= delay


def test_host_that_another_worker_holds_is_waited_for(crawl: Crawl) -> None:
    site = Site(host="news.test")

    async def work() -> Any:
        async with serving(site):
            host = f"news.test:{site.port}"
            await crawl.pace.claim(host, 0.0)
            asyncio.get_running_loop().call_later(0.5, lambda: crawl.pace.next_at.update({host: 0.0}))
            return await crawl.fetch(site.url("/a"), sites=[site])

    [page] = run_in_loop(work())
    assert page.status == 200


# ------------------------------------------------------------------------------------------ ends


class Fault(Exception):
    """What a port raises in these tests."""


def test_error_of_the_recorder_ends_the_crawl_with_it(crawl: Crawl, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(host="news.test")

    async def broken(*args: Any, **kwargs: Any) -> Any:
        raise Fault("the disk is full")

    monkeypatch.setattr(crawl.recorder, "append", broken)

    async def work() -> None:
        async with serving(site):
            guard.install([site.allowed])
            with pytest.raises(Fault, match="the disk is full"):
                await crawl.run(ListSink(pages(site, 50)), concurrency=2)

    run_in_loop(work())
    assert len(site.hits) <= 2


@pytest.mark.parametrize("port", ["claim", "sent", "ended"])
def test_error_of_the_pace_ends_the_crawl_with_it(crawl: Crawl, monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    site = Site(host="news.test")

    async def broken(*args: Any, **kwargs: Any) -> Any:
        raise Fault("the database is gone")

    monkeypatch.setattr(crawl.pace, port, broken)

    async def work() -> None:
        async with serving(site):
            guard.install([site.allowed])
            with pytest.raises(Fault, match="the database is gone"):
                await crawl.run(ListSink(pages(site, 50)), concurrency=2)

    run_in_loop(work())


@pytest.mark.parametrize("pipeline", [None, PIPELINE])
def test_error_of_the_sink_ends_the_crawl_with_it(crawl: Crawl, pipeline: str | None) -> None:
    site = Site(host="news.test")

    class BrokenSink(ListSink):
        async def page(self, task: UrlTask, fetched: Fetched) -> None:
            if task.key == 5:
                raise Fault("cannot be stored")
            await super().page(task, fetched)

    sink = BrokenSink()

    async def work() -> None:
        async with serving(site):
            guard.install([site.allowed])
            sink.waiting = pages(site, 200)
            with pytest.raises(Fault, match="cannot be stored"):
                await crawl.run(sink, concurrency=2, pipeline=pipeline)

    run_in_loop(work())
    assert len(sink.outcomes) < 30


@pytest.mark.parametrize("delay", [0.0, 30.0], ids=["on the wire", "waiting for the host"])
def test_cancelled_crawl_lets_go_at_once_and_ends_no_task(crawl: Crawl, delay: float) -> None:
    site = Site(host="news.test", routes={"/0": hang, "/1": hang, "/2": hang})
    sink = ListSink()

    async def work() -> None:
        async with serving(site):
            guard.install([site.allowed])
            sink.waiting = pages(site, 3)
            running = asyncio.ensure_future(crawl.run(sink, pipeline=PIPELINE, delay=delay, timeout=60.0))
            while not site.hits:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(asyncio.shield(running), 20)
            assert running.done()
            assert [task for task in asyncio.all_tasks() if "FetchSpider" in repr(task)] == []

    run_in_loop(work())
    assert sink.outcomes == {}


def test_cancelled_crawl_lets_the_pipeline_finish_its_item(crawl: Crawl) -> None:
    site = Site(host="news.test", routes={"/1": hang})
    storing = asyncio.Event()

    class SlowSink(ListSink):
        async def page(self, task: UrlTask, fetched: Fetched) -> None:
            storing.set()
            await asyncio.sleep(0.3)
            await super().page(task, fetched)

    sink = SlowSink()

    async def work() -> None:
        async with serving(site):
            guard.install([site.allowed])
            sink.waiting = pages(site, 2)
            running = asyncio.ensure_future(crawl.run(sink, pipeline=PIPELINE, timeout=60.0))
            await storing.wait()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    run_in_loop(work())
    assert list(sink.outcomes) == [0]


# ------------------------------------------------------------------------------------------ the loop


def run_program(text: str, *, number: signal.Signals | None = None) -> subprocess.CompletedProcess[str]:
    program = "import asyncio\nfrom crawler.fetch import loop\n" + text
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    if number is not None:
        process.send_signal(number)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess([], process.returncode, first + out, err)


def test_loop_returns_what_main_returns() -> None:
    done = run_program("async def main():\n    print('in')\n    return 3\nraise SystemExit(loop.run(main))")
    assert (done.returncode, done.stdout, done.stderr) == (3, "in\n", "")


def test_loop_raises_what_main_raises() -> None:
    done = run_program("async def main():\n    print('in')\n    raise LookupError('lost')\nloop.run(main)")
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("LookupError: lost")


def test_an_exit_within_main_ends_the_loop_in_order() -> None:
    done = run_program(
        "async def main():\n"
        "    await asyncio.to_thread(print, 'in', flush=True)\n"
        "    raise SystemExit(141)\n"
        "loop.run(main)"
    )
    assert (done.returncode, done.stdout, done.stderr) == (141, "in\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_is_told_to_main_which_ends_in_its_own_time(number: signal.Signals) -> None:
    done = run_program(
        "stop = asyncio.Event()\n"
        "async def main():\n"
        "    print('in', flush=True)\n"
        "    await stop.wait()\n"
        "    await asyncio.sleep(0.1)\n"
        "    print('handed back')\n"
        "    return 0\n"
        "raise SystemExit(loop.run(main, on_signal=lambda number: (print(number.name), stop.set())))",
        number=number,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"in\n{number.name}\nhanded back\n"


def test_loop_refuses_another_reactor() -> None:
    done = run_program(
        "print('in', flush=True)\n"
        "from twisted.internet import selectreactor\n"
        "selectreactor.install()\n"
        "loop.install_reactor()"
    )
    assert "expected AsyncioSelectorReactor" in done.stderr
