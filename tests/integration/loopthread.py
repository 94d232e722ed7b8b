"""One reactor for all tests of a process (it starts only once): it runs in a thread, tests hand it coroutines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

from crawler.fetch.loop import install_reactor

T = TypeVar("T")


def run_in_loop(work: Coroutine[Any, Any, T], timeout: float = 120) -> T:
    """The result of `work`, run in the session's loop."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result(timeout)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    reactor, loop = install_reactor()
    started = threading.Event()
    reactor.callWhenRunning(started.set)
    threading.Thread(target=reactor.run, kwargs={"installSignalHandlers": False}, daemon=True).start()
    assert started.wait(120), "the reactor did not start"
    return loop
