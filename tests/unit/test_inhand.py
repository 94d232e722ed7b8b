"""A page waits for the one that it calls canonical, as long as the crawl has that in hand."""

from __future__ import annotations

import asyncio

from crawler.pipeline.inhand import InHand

MAIN, TWIN = "https://a.example/1", "https://a.example/amp/1"
LONG, SHORT = 30.0, 0.05


def test_a_twin_waits_until_its_main_page_is_concluded() -> None:
    async def run() -> list[str]:
        in_hand, order = InHand(waiters=3), list[str]()
        in_hand.take(MAIN)
        in_hand.take(TWIN)

        async def twin() -> None:
            assert await in_hand.wait_for(MAIN, by=TWIN, seconds=LONG)
            order.append("twin")

        waiting = asyncio.create_task(twin())
        await asyncio.sleep(SHORT)
        order.append("main")
        await in_hand.conclude(MAIN)
        await waiting
        return order

    assert asyncio.run(run()) == ["main", "twin"]


def test_nobody_waits_for_a_page_that_is_not_in_hand_or_for_itself() -> None:
    async def run() -> list[bool]:
        in_hand = InHand(waiters=3)
        in_hand.take(TWIN)
        return [
            await in_hand.wait_for(MAIN, by=TWIN, seconds=LONG),
            await in_hand.wait_for(TWIN, by=TWIN, seconds=LONG),
        ]

    assert asyncio.run(asyncio.wait_for(run(), LONG / 2)) == [True, True]


def test_two_pages_that_call_each_other_canonical_both_go_on() -> None:
    async def run() -> set[str]:
        in_hand, done = InHand(waiters=3), set[str]()
        for url in (MAIN, TWIN):
            in_hand.take(url)

        async def keep(url: str, other: str) -> None:
            await in_hand.wait_for(other, by=url, seconds=LONG)
            done.add(url)
            await in_hand.conclude(url)

        await asyncio.gather(keep(MAIN, TWIN), keep(TWIN, MAIN))
        return done

    assert asyncio.run(asyncio.wait_for(run(), LONG / 2)) == {MAIN, TWIN}


def test_the_wait_has_an_end_and_a_page_taken_twice_counts_until_both_are_concluded() -> None:
    async def run() -> list[bool]:
        in_hand = InHand(waiters=3)
        in_hand.take(MAIN)
        in_hand.take(MAIN)
        first = await in_hand.wait_for(MAIN, by=TWIN, seconds=SHORT)
        await in_hand.conclude(MAIN)
        second = await in_hand.wait_for(MAIN, by=TWIN, seconds=SHORT)
        await in_hand.conclude(MAIN)
        return [first, second, await in_hand.wait_for(MAIN, by=TWIN, seconds=SHORT)]

    assert asyncio.run(run()) == [False, False, True]


def test_the_crawls_last_free_place_is_never_waited_in() -> None:
    async def run() -> bool:
        in_hand = InHand(waiters=1)
        for url in (MAIN, TWIN, f"{TWIN}/print"):
            in_hand.take(url)
        waiting = asyncio.create_task(in_hand.wait_for(MAIN, by=TWIN, seconds=LONG))
        await asyncio.sleep(0)
        went_on = not await in_hand.wait_for(MAIN, by=f"{TWIN}/print", seconds=LONG)
        await in_hand.conclude(MAIN)
        return went_on and await waiting

    assert asyncio.run(asyncio.wait_for(run(), LONG / 2))
