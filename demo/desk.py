"""What stands on the well-behaved publishers' sites now, and the commands that change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode

from demo.articles import Article, make_article, make_articles
from demo.claims import Site
from demo.expected import Expected, ExpectedArticle, ExpectedOutcome, expect_article
from demo.feeds import Entry
from demo.publishers import DOMAIN, PUBLISHERS, WALLED, Edition, Publisher
from demo.stories import SEED_STORY, Language, read_stories
from demo.themes import feed_body
from demo.walls import Wall, read_walls

_AFTERTHOUGHT: dict[Language, str] = {
    "ar": "وأوضح المصدر نفسه في وقت لاحق أن الأرقام أولية وأن بيانا مفصلا سيصدر خلال أيام.",
    "en": "The figures are preliminary and a fuller statement will follow within days, the same source said later.",
}

# As feeds carry them; a second announcement has others, in another order.
TRACKING = "utm_source=rss&utm_medium=feed&utm_campaign=rss"
TRACKING_AGAIN = "fbclid=IwAR0x9&utm_medium=social&utm_source=share"


@dataclass(slots=True)
class SiteState:
    """One publisher's site as it stands; `touched` is when a command last changed all of it."""

    publisher: Publisher
    site: Site
    articles: list[Article]
    touched: datetime
    theme: str
    gone: set[str] = field(default_factory=set)  # paths
    fetches: Counter[str] = field(default_factory=Counter)
    paused: tuple[int, str | None] | None = None  # status, Retry-After


class Desk:
    """All publishers, their articles and walls, at a newsroom's port and moment.

    Articles are found by URL (any alias) or as (publisher name, story name).
    """

    def __init__(self, *, port: int, now: datetime) -> None:
        self.port = port
        self.now = now.astimezone(UTC).replace(microsecond=0)
        self._commands = 0
        self.states = {publisher.host: self._open(publisher) for publisher in PUBLISHERS}

    def _open(self, publisher: Publisher) -> SiteState:
        articles = make_articles(publisher, self.now)
        headlines = tuple((article.path, article.headline) for article in articles)
        home = f"http://{publisher.host}:{self.port}"
        site = Site(publisher=publisher, home=home, year=self.now.year, headlines=headlines)
        opened = self.now - timedelta(minutes=30)
        return SiteState(publisher=publisher, site=site, articles=articles, touched=opened, theme=publisher.theme)

    # -------------------------------------------------------------------------------------- finding

    def find(self, host: str, target: str) -> Article | None:
        """The article at a request target, tracking parameters apart."""
        plain = strip_tracking(target)
        return next((article for article in self.states[host].articles if article.path == plain), None)

    def locate(self, url: str) -> tuple[SiteState, Article]:
        """The article that a URL, an alias or ``publisher/story`` names.

        Raises:
            KeyError: there is none.
        """
        for state, article in self._all():
            names = (f"{state.publisher.name}/{article.story.name}", *self._urls(state, article))
            if url in names:
                return state, article
        raise KeyError(f"{url}: no article of the newsroom has this URL or publisher/story name")

    def url(self, name: str) -> str:
        """The canonical URL of ``publisher/story``."""
        state, article = self.locate(name)
        return state.site.home + article.path

    def _all(self) -> Iterator[tuple[SiteState, Article]]:
        for state in self.states.values():
            for article in state.articles:
                yield state, article

    def _urls(self, state: SiteState, article: Article) -> tuple[str, ...]:
        """Canonical URL first, then the aliases."""
        home = state.site.home
        twins = tuple(home + path for path in (article.amp_path, article.print_path) if path)
        return (home + article.path, *self.announced_as(state, article), *twins)

    def announced_as(self, state: SiteState, article: Article) -> tuple[str, ...]:
        """The URLs by which feeds announce an article, where they differ from the canonical one."""
        if not article.edition.announced_twice:
            return ()
        url = state.site.home + article.path
        mark = "&" if "?" in article.path else "?"
        return (f"{url}{mark}{TRACKING}", f"{url}{mark}{TRACKING_AGAIN}")

    def walls(self, state: SiteState) -> tuple[Wall, ...]:
        """The pages of this publisher that are no article."""
        language = state.publisher.language
        return read_walls(language) if WALLED[language] == state.publisher.name else ()

    # ------------------------------------------------------------------------------------- commands

    def edit(self, url: str, *, headline: str | None = None, paragraph: str | None = None, position: int = 2) -> str:
        """The publisher edits an article: a paragraph more, maybe another headline. Gives its canonical URL."""
        state, article = self.locate(url)
        text = paragraph or _AFTERTHOUGHT[article.language]
        edited = article.revised(headline=headline, paragraph=text, position=position, at=self._tick())
        state.articles[state.articles.index(article)] = edited
        return state.site.home + article.path

    def remove(self, url: str) -> str:
        """The publisher takes an article down: its page answers 410 and feeds drop it. Gives its canonical URL."""
        state, article = self.locate(url)
        state.gone.add(article.path)
        state.touched = self._tick()
        return state.site.home + article.path

    def publish(self, name: str, story: str | None = None) -> str:
        """A publisher carries one more story, by default one it does not have yet. Gives its canonical URL."""
        state = self.states[f"{name}.{DOMAIN}"]
        carried = {article.story.name for article in state.articles} | {SEED_STORY}
        fresh = [
            key
            for key, text in read_stories().items()
            if text.language == state.publisher.language and key not in carried
        ]
        desk = next(iter(state.publisher.feeds))
        number = state.publisher.first_number + len(state.articles) + 100
        edition = Edition(story=story or fresh[0], ago=0, desk=desk)
        state.articles.append(make_article(state.publisher, edition, number, self._tick()))
        state.touched = self._tick()
        return state.site.home + state.articles[-1].path

    def change_template(
        self, name: str = "nashra", theme: Literal["nashra-first", "nashra-second"] | None = None
    ) -> None:
        """A publisher changes its pages' template; the texts stay."""
        state = self.states[f"{name}.{DOMAIN}"]
        state.theme = theme or ("nashra-second" if state.theme == "nashra-first" else "nashra-first")
        state.touched = self._tick()

    def pause(self, name: str, *, status: int = 429, retry_after: str | None = "60") -> None:
        """A whole host, robots and feeds too, answers `status` until `resume`."""
        self.states[f"{name}.{DOMAIN}"].paused = (status, retry_after)

    def resume(self, name: str) -> None:
        """A paused host answers again."""
        self.states[f"{name}.{DOMAIN}"].paused = None

    def _tick(self) -> datetime:
        """A moment shortly before now, a second later at each command, so that Last-Modified tells them apart."""
        self._commands += 1
        return self.now - timedelta(minutes=10) + timedelta(seconds=self._commands)

    # -------------------------------------------------------------------------------- announcements

    def entries(self, state: SiteState, desk: str) -> list[Entry]:
        """What one feed of a publisher announces, newest first."""
        articles = [item for item in state.articles if item.path not in state.gone and item.edition.desk == desk]
        found = [entry for article in articles for entry in self._announce(state, article)]
        for index, wall in enumerate(self.walls(state)):
            published = self.now - timedelta(minutes=20 + 17 * index)
            found.append(Entry(url=state.site.home + wall.path, title=wall.announced, published=published))
        found += [entry for entry, _ in _strays(state, self.now, desk)]
        return sorted(found, key=lambda entry: entry.published or self.now, reverse=True)

    def _announce(self, state: SiteState, article: Article) -> Iterator[Entry]:
        content = feed_body(state.site, article) if state.publisher.theme in ("wordpress", "bulletin") else None
        author = article.agency_name if state.publisher.theme == "wordpress" else article.author
        home = state.site.home
        for url in self.announced_as(state, article) or (home + article.path,):
            yield Entry(
                url=url,
                title=article.headline,
                summary=article.standfirst or article.lead(),
                content=content,
                author=author,
                published=article.published if article.edition.dated else None,
                modified=article.modified,
                guid=f"{home}/?p={article.number}",
                tags=article.story.tags,
            )
        for path in (article.amp_path, article.print_path):
            if path:
                yield Entry(url=home + path, title=article.headline, published=article.published, guid=home + path)

    def changed(self, state: SiteState) -> datetime:
        """When anything that a publisher's feeds show last changed."""
        return max([state.touched, *(article.modified for article in state.articles)])

    # ----------------------------------------------------------------------------------- ground truth

    def expected(self, backfill: timedelta) -> Expected:
        """The ground truth as the sites stand now, for sources whose first crawl reaches `backfill` into the past."""
        articles: dict[str, ExpectedArticle] = {}
        outcomes: list[ExpectedOutcome] = []
        for state, article in self._all():
            url, *aliases = self._urls(state, article)
            source = source_name(state.publisher, article.edition.desk)
            if article.path.startswith("/private/"):
                outcomes.append(ExpectedOutcome(url=url, source=source, outcome="robots"))
            elif self.now - article.published > backfill:
                outcomes.append(ExpectedOutcome(url=url, source=source, outcome="too_old"))
            else:
                gone = article.path in state.gone
                articles[url] = expect_article(article, state.site.home, source, tuple(aliases), gone=gone)
                twins = [state.site.home + path for path in (article.amp_path, article.print_path) if path]
                outcomes += [
                    ExpectedOutcome(url=twin, source=source, outcome="duplicate", article=url) for twin in twins
                ]
        for state in self.states.values():
            outcomes += self._expected_rest(state)
        return Expected(articles=articles, outcomes={item.url: item for item in outcomes})

    def _expected_rest(self, state: SiteState) -> Iterator[ExpectedOutcome]:
        for wall in self.walls(state):
            url = state.site.home + wall.path
            yield ExpectedOutcome(url=url, source=state.publisher.name, outcome="rejected", reason=wall.kind)
        for desk in state.publisher.feeds:
            for _, outcome in _strays(state, self.now, desk):
                yield outcome


def source_name(publisher: Publisher, desk: str) -> str:
    """The source that watches one desk of a publisher: its name, with the desk where there are several."""
    return publisher.name if len(publisher.feeds) == 1 else f"{publisher.name}-{desk}"


def strip_tracking(target: str) -> str:
    """A request target without parameters that only track.

    >>> strip_tracking("/news.asp?id=7&utm_source=rss")
    '/news.asp?id=7'
    """
    path, _, query = target.partition("?")
    kept = [(key, value) for key, value in parse_qsl(query) if not key.startswith("utm_") and key != "fbclid"]
    return f"{path}?{urlencode(kept)}" if kept else path


def _strays(state: SiteState, now: datetime, desk: str) -> list[tuple[Entry, ExpectedOutcome]]:
    """Links in a feed that lead to no article of the publisher: a video, a page that is gone, another host."""
    home = state.site.home
    port = home.rpartition(":")[2]
    known: dict[tuple[str, str], tuple[str, str, Literal["not_allowed", "gone"]]] = {
        ("alwatan", ""): (f"{home}/video/{quote('اهداف-الاسبوع')}/", "أهداف الأسبوع بالفيديو", "not_allowed"),
        ("albarid", ""): (f"{home}/article/5519.html", "بلاغ حول انقطاع الماء", "gone"),
        ("wire-herald", "world"): (f"http://partner-wire.{DOMAIN}:{port}/item/1", "From our partners", "not_allowed"),
    }
    if (found := known.get((state.publisher.name, desk))) is None:
        return []
    url, title, outcome = found
    entry = Entry(url=url, title=title, published=now - timedelta(hours=4))
    return [(entry, ExpectedOutcome(url=url, source=source_name(state.publisher, desk), outcome=outcome))]
