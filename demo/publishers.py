"""The newsroom's publishers and what each of them carries: a declaration a publisher, a line a story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from demo.stories import SEED_STORY, Language

DOMAIN = "newsroom.test"
CONTROL = f"control.{DOMAIN}"

Validators = Literal["etag", "last-modified", "both", "none"]
Coding = Literal["gzip", "br", "zstd"]
Discovery = Literal["rss", "rdf", "atom", "json", "sitemap", "section"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """One story as one publisher carries it.

    `ago` is minutes before the newsroom's now. `keep` is how many paragraphs the publisher kept. `headline` picks one
    of the story's two. `desk` is the feed (of several) that announces it.
    """

    story: str
    ago: int
    headline: Literal[0, 1] = 0
    keep: int | None = None
    slug: str | None = None
    desk: str = ""
    dated: bool = True
    announced_twice: bool = False  # with tracking parameters, and again with others in another order
    amp: bool = False
    printable: bool = False
    alternates: bool = False  # every second fetch shows a consent wall under the same URL
    path: str | None = None  # a path of its own instead of the publisher's pattern


@dataclass(frozen=True, kw_only=True, slots=True)
class Publisher:
    """One host: its theme, its way of announcing, its HTTP habits.

    `dateline` is a format over `place` and `agency` (in the publisher's language). `feeds` are paths, by desk.
    `path` is a format over `number`, `slug` and `section`.
    """

    name: str
    title: str
    language: Language
    timezone: str
    theme: str
    discovery: Discovery
    feeds: dict[str, str]
    path: str
    dateline: str
    validators: Validators
    editions: tuple[Edition, ...]
    charset: str = "utf-8"
    coding: Coding | None = None
    chunked: bool = False
    robots: str | None = "User-agent: *\nDisallow: /wp-admin/\nDisallow: /private/\n"
    first_number: int = 1000

    @property
    def host(self) -> str:
        """The host name that it answers to."""
        return f"{self.name}.{DOMAIN}"


def _alwatan() -> Publisher:
    return Publisher(
        name="alwatan",
        title="الوطن اليوم",
        language="ar",
        timezone="Asia/Riyadh",
        theme="wordpress",
        discovery="rss",
        feeds={"": "/feed/"},
        path="/{slug}/",
        dateline="{place} ({agency}) – ",
        validators="both",
        coding="gzip",
        editions=(
            Edition(story=SEED_STORY, ago=55, slug="روسيا-والصين-توقعان-اتفاقيات-في-بكين"),
            Edition(story="rail-beijing", ago=95, slug="اتفاقيات-سكك-حديدية-في-بكين", announced_twice=True),
            Edition(story="desalination-jeddah", ago=160, announced_twice=True),
            Edition(story="drought-rabat", ago=240, headline=1),
            Edition(story="port-alexandria", ago=390),
            Edition(story="wheat-paris", ago=610, headline=1, keep=6),
            Edition(story="solar-abudhabi", ago=900),
            Edition(story="quake-van", ago=1300),
            Edition(story="oil-london", ago=1700),
            Edition(story="museum-beirut", ago=60, path="/private/{slug}/"),
            Edition(story="books-cairo", ago=2300),
            Edition(story="fisheries-nouakchott", ago=60 * 24 * 12),
        ),
    )


def _sahifa() -> Publisher:
    return Publisher(
        name="sahifa",
        title="صحيفة الساحل",
        language="ar",
        timezone="Asia/Beirut",
        theme="portal",
        discovery="rdf",
        feeds={"": "/rdf.asp"},
        path="/news.asp?id={number}",
        dateline="{place} – {agency}: ",
        validators="none",
        charset="windows-1256",
        robots=None,
        first_number=18230,
        editions=(
            Edition(story="museum-beirut", ago=130, headline=1),
            Edition(story="drought-rabat", ago=310, keep=5),
            Edition(story="wheat-paris", ago=580),
            Edition(story="ferry-tunis", ago=1100, headline=1),
            Edition(story="satellite-kuwait", ago=1900, keep=5),
        ),
    )


def _albarid() -> Publisher:
    return Publisher(
        name="albarid",
        title="البريد الأخضر",
        language="ar",
        timezone="Africa/Casablanca",
        theme="lines",
        discovery="rss",
        feeds={"": "/rss.xml"},
        path="/article/{number}.html",
        dateline="{agency} - {place}: ",
        validators="last-modified",
        first_number=5520,
        editions=(
            Edition(story="fisheries-nouakchott", ago=75),
            Edition(story="ferry-tunis", ago=1080),
            Edition(story="drought-rabat", ago=300, headline=1),
            Edition(story="telescope-santiago", ago=700, keep=6),
            Edition(story="chess-doha", ago=1500, headline=1),
        ),
    )


def _maraya() -> Publisher:
    return Publisher(
        name="maraya",
        title="شبكة مرايا الإخبارية",
        language="ar",
        timezone="Asia/Qatar",
        theme="broadcaster",
        discovery="sitemap",
        feeds={"": "/sitemap-index.xml"},
        path="/news/{number}/{slug}",
        dateline="{place}- ",
        validators="etag",
        coding="br",
        first_number=77010,
        editions=(
            Edition(story="desalination-jeddah", ago=150, headline=1, keep=6),
            Edition(story="telescope-santiago", ago=720),
            Edition(story="museum-beirut", ago=145),
            Edition(story="solar-abudhabi", ago=880, headline=1),
            Edition(story="quake-van", ago=1290, headline=1),
            Edition(story="oil-london", ago=1690, headline=1, keep=6),
            Edition(story="satellite-kuwait", ago=1880),
            Edition(story="drought-rabat", ago=60 * 24 * 20),
        ),
    )


def _nashra() -> Publisher:
    return Publisher(
        name="nashra",
        title="النشرة",
        language="ar",
        timezone="Asia/Amman",
        theme="nashra-first",
        discovery="section",
        feeds={"": "/world/"},
        path="/world/{number}",
        dateline="{place} - {agency} - ",
        validators="etag",
        coding="zstd",
        first_number=30410,
        editions=(
            Edition(story="marathon-amman", ago=100),
            Edition(story="port-alexandria", ago=420, headline=1),
            Edition(story="chess-doha", ago=1480),
            Edition(story="books-cairo", ago=2280, headline=1),
            Edition(story="wheat-paris", ago=590, dated=False),
        ),
    )


def _wire_herald() -> Publisher:
    return Publisher(
        name="wire-herald",
        title="The Wire Herald",
        language="en",
        timezone="Europe/London",
        theme="broadsheet",
        discovery="atom",
        feeds={"world": "/world.atom", "business": "/business.atom"},
        path="/{section}/{slug}-{number}",
        dateline="{place} ({agency}) - ",
        validators="both",
        coding="gzip",
        first_number=240100,
        editions=(
            Edition(story="harbour-rotterdam", ago=85, desk="business", amp=True),
            Edition(story="chip-taipei", ago=330, desk="business"),
            Edition(story="coffee-nairobi", ago=1210, desk="business", announced_twice=True),
            Edition(story="copper-lima", ago=1500, desk="business"),
            Edition(story="glacier-oslo", ago=200, desk="world", printable=True),
            Edition(story="wildfire-lisbon", ago=480, desk="world"),
            Edition(story="rail-paris", ago=820, desk="world"),
            Edition(story="orchestra-vienna", ago=1650, desk="world"),
            Edition(story="vaccine-geneva", ago=2100, desk="world"),
            Edition(story="cricket-colombo", ago=60 * 24 * 31, desk="world"),
        ),
    )


def _gulf_bulletin() -> Publisher:
    return Publisher(
        name="gulf-bulletin",
        title="Gulf Bulletin",
        language="en",
        timezone="Asia/Dubai",
        theme="bulletin",
        discovery="json",
        feeds={"": "/feed.json"},
        path="/en/{number}/{slug}",
        dateline="{place}, {day} ({agency}) -- ",
        validators="none",
        chunked=True,
        first_number=9100,
        editions=(
            Edition(story="panda-chengdu", ago=110),
            Edition(story="cricket-colombo", ago=460),
            Edition(story="coffee-nairobi", ago=1190, headline=1, keep=6),
            Edition(story="harbour-rotterdam", ago=120, headline=1, keep=7),
            Edition(story="budget-wellington", ago=1750),
            Edition(story="vaccine-geneva", ago=2080, headline=1, dated=False),
        ),
    )


def _hajiz() -> Publisher:
    return Publisher(
        name="hajiz",
        title="منبر الخليج",
        language="ar",
        timezone="Asia/Dubai",
        theme="plain",
        discovery="atom",
        feeds={"": "/atom.xml"},
        path="/node/{number}",
        dateline="{place} / {agency} / ",
        validators="etag",
        first_number=400,
        editions=(
            Edition(story="marathon-amman", ago=90, headline=1),
            Edition(story="fisheries-nouakchott", ago=70, headline=1, alternates=True),
        ),
    )


def _gatehouse() -> Publisher:
    return Publisher(
        name="gatehouse",
        title="The Gatehouse Courier",
        language="en",
        timezone="America/New_York",
        theme="plain",
        discovery="rss",
        feeds={"": "/feed.xml"},
        path="/stories/{number}",
        dateline="{place} ({agency}) — ",
        validators="none",
        first_number=700,
        editions=(
            Edition(story="glacier-oslo", ago=220, headline=1),
            Edition(story="copper-lima", ago=1480, headline=1),
        ),
    )


PUBLISHERS: tuple[Publisher, ...] = (
    _alwatan(),
    _sahifa(),
    _albarid(),
    _maraya(),
    _nashra(),
    _wire_herald(),
    _gulf_bulletin(),
    _hajiz(),
    _gatehouse(),
)

# The pages that are no article stand at these two, announced among their real articles.
WALLED: dict[Language, str] = {"ar": "hajiz", "en": "gatehouse"}

# By the agency table's codes, as each language prints them.
AGENCY_NAMES: dict[Language, dict[str, str]] = {
    "ar": {
        "Reuters": "رويترز",
        "AFP": "أ ف ب",
        "AP": "أ ب",
        "DPA": "د ب أ",
        "SPA": "واس",
        "WAM": "وام",
        "QNA": "قنا",
        "KUNA": "كونا",
        "Petra": "بترا",
        "MENA": "أ ش أ",
        "Anadolu": "الأناضول",
        "Xinhua": "شينخوا",
    },
    "en": {"Reuters": "Reuters", "AFP": "AFP", "AP": "AP", "DPA": "dpa", "Xinhua": "Xinhua"},
}
