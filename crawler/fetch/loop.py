"""The one event loop of a process: asyncio under Twisted's reactor, with our own signal handlers.

Under `asyncio.run` a Scrapy crawl ends without an error and with zero items (measured), so a process that crawls is
entered here and nowhere else.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(main: Callable[[], Awaitable[int]], *, on_signal: Callable[[signal.Signals], None] | None = None) -> int:
    """Run `main` to its end in the reactor and return its result, the exit code.

    `on_signal` is called in the loop for each SIGTERM and SIGINT (set an `asyncio.Event`, say); without it a signal
    cancels `main`. An exception of `main` propagates. Once a process: a Twisted reactor cannot be started again.

    Raises:
        RuntimeError: another reactor is installed already.
    """
    reactor, loop = install_reactor()
    ended: list[asyncio.Task[int | SystemExit]] = []

    def begin() -> None:
        task = loop.create_task(_as_coroutine(main))
        ended.append(task)
        for number in SIGNALS:
            loop.add_signal_handler(number, _on_signal, number, task, on_signal)
        task.add_done_callback(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    try:
        reactor.run(installSignalHandlers=False)
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        _close(loop)
    result = ended[0].result()
    if isinstance(result, SystemExit):
        raise result
    return result


def install_reactor() -> tuple[Any, asyncio.AbstractEventLoop]:
    """The asyncio reactor and its loop, installed if the process has none yet.

    Raises:
        RuntimeError: another reactor is installed: something imported `twisted.internet.reactor` too early.
    """
    if "twisted.internet.reactor" not in sys.modules:
        from twisted.internet import asyncioreactor

        # Half of a fetch's cost is the loop's own bookkeeping; uvloop does it in C (13.3 -> 11.3 ms a page, measured).
        loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
    from twisted.internet import reactor
    from twisted.internet.asyncioreactor import AsyncioSelectorReactor

    if not isinstance(reactor, AsyncioSelectorReactor):
        raise RuntimeError(
            f"the process runs Twisted's {type(reactor).__name__}, expected AsyncioSelectorReactor;"
            " call crawler.fetch.loop.run before anything imports twisted.internet.reactor"
        )
    return reactor, reactor._asyncioEventloop


async def _as_coroutine(main: Callable[[], Awaitable[int]]) -> int | SystemExit:
    try:
        return await main()
    except SystemExit as ending:
        return ending  # raised in a task it would break the loop, whose end is still to come


def _on_signal(
    number: signal.Signals, task: asyncio.Task[int | SystemExit], on_signal: Callable[[signal.Signals], None] | None
) -> None:
    if on_signal is None:
        task.cancel()
    else:
        on_signal(number)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """What asyncio.run does at its end: nothing may outlive the loop that it runs in."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
