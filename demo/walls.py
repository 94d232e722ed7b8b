"""Pages that are no article though a feed announces them: six kinds, three shapes of each, in Arabic and in English.

They stand in `pages/walls.<language>.txt`: a line ``=== kind | frame | title``, then the page's main part; frame
``plain`` sets it into the site's own page, ``bare`` leaves it alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from string import Template

from demo.claims import Site
from demo.stories import SEED_STORY, Language, Story, read_stories
from demo.themes import render_plain

KINDS = ("section_page", "consent_wall", "challenge", "soft_404", "paywall_stub", "empty_shell")
SHAPES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Wall:
    """One page that is no article. `kind` is the reason it should be rejected for; `announced` the feed's title."""

    kind: str
    shape: int
    language: Language
    bare: bool
    title: str
    main: str
    announced: str

    @property
    def path(self) -> str:
        """Where it stands: an address like any article's."""
        number = 500 + KINDS.index(self.kind) * SHAPES + self.shape
        return f"/node/{number}" if self.language == "ar" else f"/stories/{number}"


@cache
def read_walls(language: Language) -> tuple[Wall, ...]:
    """The walls of one language, in the file's order, their placeholders filled from stories."""
    text = resources.files("demo").joinpath("pages", f"walls.{language}.txt").read_text(encoding="utf-8")
    stories = [story for name, story in read_stories().items() if name != SEED_STORY and story.language == language]
    walls: list[Wall] = []
    for block in text.split("=== ")[1:]:
        head, _, main = block.partition("\n")
        kind, frame, title = (part.strip() for part in head.split("|"))
        story = stories[len(walls) % len(stories)]
        fields = _fields(story, stories)
        walls.append(
            Wall(
                kind=kind,
                shape=sum(wall.kind == kind for wall in walls) + 1,
                language=language,
                bare=frame == "bare",
                title=Template(title).substitute(headline=story.headlines[1]),
                main=Template(main).substitute(fields),
                announced=story.headlines[1],
            )
        )
    return tuple(walls)


def render_wall(site: Site, wall: Wall) -> str:
    """The page."""
    if not wall.bare:
        return render_plain(site, wall.title, wall.main)
    direction = "rtl" if wall.language == "ar" else "ltr"
    return (
        f'<!DOCTYPE html>\n<html lang="{wall.language}" dir="{direction}"><head><meta charset="utf-8">'
        f'<title>{escape(wall.title)}</title><meta name="robots" content="noindex,nofollow"></head>\n'
        f"<body>{wall.main}</body></html>\n"
    )


def _fields(story: Story, stories: Sequence[Story]) -> dict[str, str]:
    links = [
        (f"/{index}", item.headlines[0], item.standfirst or item.headlines[1]) for index, item in enumerate(stories)
    ]
    return {
        "headline": escape(story.headlines[1]),
        "lead1": escape(story.paragraphs[0].text),
        "lead2": escape(story.paragraphs[0].text[:150].rsplit(" ", 1)[0]) + "…",
        "teasers": "".join(f'<li><a href="{url}">{escape(title)}</a></li>' for url, title, _ in links[:9]),
        "cards": "".join(
            f'<div class="card"><a href="{url}"><img src="{url}.jpg" alt=""><h3>{escape(title)}</h3></a>'
            f"<p>{escape(summary)}</p></div>"
            for url, title, summary in links[:6]
        ),
    }
