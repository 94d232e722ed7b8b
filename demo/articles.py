"""A story as one publisher has it on its site: what its page says, which is also what a perfect archive would hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from demo.publishers import AGENCY_NAMES, Edition, Publisher
from demo.stories import Language, Paragraph, Story, read_stories

# Publishers that print a byline; the others drop the reporter's name, as republishers do.
_BYLINES = frozenset({"broadsheet", "broadcaster", "bulletin", "plain"})
_STANDFIRSTS = frozenset({"broadsheet", "broadcaster"})
_SIGN_OFFS = frozenset({"broadsheet"})

_MONTHS = ("Jan", "Feb", "March", "April", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec")


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """One republished story. `path` is percent-encoded; `number` is the publisher's own id.

    `paragraphs` open with the dateline and hold nothing but the reporter's text. `place` is None where the page
    names none; `published` is true even where the page hides it (`dated` false).
    """

    publisher: Publisher
    edition: Edition
    story: Story
    number: int
    path: str
    headline: str
    standfirst: str | None
    paragraphs: tuple[Paragraph, ...]
    author: str | None
    sign_off: str | None
    published: datetime
    modified: datetime

    @property
    def language(self) -> Language:
        """The language of the text."""
        return self.story.language

    @property
    def agency_name(self) -> str:
        """The agency as this publisher's language has it."""
        return AGENCY_NAMES[self.language][self.story.agency]

    @property
    def amp_path(self) -> str | None:
        """Path of the AMP twin, where there is one."""
        return f"/amp{self.path}" if self.edition.amp else None

    @property
    def print_path(self) -> str | None:
        """Path of the print twin, where there is one."""
        return f"/print{self.path}" if self.edition.printable else None

    def lead(self, length: int = 160) -> str:
        """The start of the text, as excerpts and descriptions have it."""
        text = self.paragraphs[0].text
        return text if len(text) <= length else f"{text[:length].rsplit(' ', 1)[0]} […]"

    def revised(self, *, headline: str | None, paragraph: str, position: int, at: datetime) -> Article:
        """The same article after an edit: a paragraph put in at `position`, maybe another headline."""
        paragraphs = (*self.paragraphs[:position], Paragraph(text=paragraph), *self.paragraphs[position:])
        return replace(self, headline=headline or self.headline, paragraphs=paragraphs, modified=at)


def make_article(publisher: Publisher, edition: Edition, number: int, now: datetime) -> Article:
    """The article that `publisher` makes of a story, dated `edition.ago` minutes before `now`."""
    story = read_stories()[edition.story]
    published = (now - timedelta(minutes=edition.ago)).replace(second=0, microsecond=0)
    headline = story.headlines[edition.headline]
    pattern = edition.path or publisher.path
    slug = edition.slug or make_slug(headline)
    path = pattern.format(number=number, slug=slug, section=make_slug(story.section))
    return Article(
        publisher=publisher,
        edition=edition,
        story=story,
        number=number,
        path=quote(path, safe="/?=&"),
        headline=headline,
        standfirst=story.standfirst if publisher.theme in _STANDFIRSTS else None,
        paragraphs=_with_dateline(publisher, story, published)[: edition.keep],
        author=story.author if publisher.theme in _BYLINES else None,
        sign_off=story.sign_off if publisher.theme in _SIGN_OFFS else None,
        published=published,
        modified=published + timedelta(minutes=min(12, edition.ago // 4)),
    )


def make_articles(publisher: Publisher, now: datetime) -> list[Article]:
    """All of a publisher's articles; numbers run in order, leaving out no story but a seed that is not there."""
    stories = read_stories()
    return [
        make_article(publisher, edition, publisher.first_number + index, now)
        for index, edition in enumerate(publisher.editions)
        if edition.story in stories
    ]


def make_slug(text: str) -> str:
    """Words of a headline joined by hyphens, as content systems make them.

    >>> make_slug("A road, and a deal")
    'a-road-and-a-deal'
    """
    return "-".join(re.findall(r"\w+", text.lower()))


def _with_dateline(publisher: Publisher, story: Story, published: datetime) -> tuple[Paragraph, ...]:
    if story.bears_dateline:
        return story.paragraphs
    dateline = publisher.dateline.format(
        place=story.place,
        agency=AGENCY_NAMES[story.language][story.agency],
        day=f"{_MONTHS[published.month - 1]} {published.day}",
    )
    first, *rest = story.paragraphs
    return (Paragraph(text=dateline + first.text), *rest)
