"""What is decided without looking at a page's text: retries, revisits, backfill, and whether two stories are one.

Pure: values in, values out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import unquote

from archive.records import CurrentText, ExtractionRow, Wording, hash_url
from crawler.discover.urls import canonicalise, same_site
from crawler.durations import format_duration
from crawler.records import Decision, Judged, Outcome

# A short retry catches dropped connections and restarts, the long ones a site's bad night; after the last the URL has
# failed. 6 attempts over about 9 hours.
RETRY_AFTER = (
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)

# Rejections of the moment: the same URL may hold the article later. The others are about what the page is.
PASSING = frozenset({"consent_wall", "challenge", "soft_404", "paywall_stub", "empty_shell", "error_page", "no_text"})

# The last step of a twin's path below its main page: /a-story/amp/ (WordPress and others), /a-story/print.
_TWIN_STEPS = frozenset({"amp", "amp.html", "print", "print.html", "printable", "mobile", "m", "طباعة"})

_WORDS = re.compile(r"\w+")


def next_retry(attempts: int, now: datetime) -> datetime | None:
    """When a URL that failed `attempts` times already (this one not counted) is tried again; None: it has failed."""
    return now + RETRY_AFTER[attempts] if attempts < len(RETRY_AFTER) else None


def next_revisit(first: datetime, now: datetime, ages: Sequence[timedelta]) -> datetime | None:
    """When an article first announced at `first` is looked at again: the next of `ages` that lies ahead.

    >>> from datetime import UTC
    >>> t = datetime(2026, 1, 1, tzinfo=UTC)
    >>> next_revisit(t, t + timedelta(hours=2), [timedelta(hours=1), timedelta(hours=6)]).hour
    6
    """
    return next((first + age for age in sorted(ages) if first + age > now), None)


def choose_backfill(
    links: Iterable[Judged],
    *,
    first: bool,
    now: datetime,
    backfill: timedelta | None,
    undated_cap: int,
    most: int,
    known: Collection[str] = frozenset(),
) -> list[tuple[Judged, Outcome | None, str | None]]:
    """Each link with the final outcome that it gets unfetched, or None where it is owed a fetch, and the reason.

    On the first read of a document (`first`) links dated before `now - backfill` are too old, and undated ones are
    taken in document order up to `undated_cap`; later every link that is allowed is owed. Beyond `most` owed ones the
    oldest are over the cap; those whose canonical URL is `known` cost nothing and do not count.
    """
    chosen: list[tuple[Judged, Outcome | None, str | None]] = []
    undated = 0
    for judged in links:
        outcome: Outcome | None = None
        reason: str | None = None
        if judged.decision is not Decision.KEEP:
            outcome, reason = Outcome.NOT_ALLOWED, judged.rule
        elif first and backfill is not None:
            claimed = judged.link.published or judged.link.modified
            if claimed is None:
                undated += 1
                if undated > undated_cap:
                    outcome, reason = Outcome.TOO_OLD, f"undated, beyond the first {undated_cap} of the first crawl"
            elif claimed.at < now - backfill:
                outcome = Outcome.TOO_OLD
                reason = f"dated {claimed.at.isoformat()}, backfill is {format_duration(backfill)}"
        chosen.append((judged, outcome, reason))
    return _cap(chosen, most, known)


def _cap(
    chosen: list[tuple[Judged, Outcome | None, str | None]], most: int, known: Collection[str]
) -> list[tuple[Judged, Outcome | None, str | None]]:
    owed = [
        index
        for index, (judged, outcome, _) in enumerate(chosen)
        if outcome is None and judged.link.canonical not in known
    ]
    if len(owed) <= most:
        return chosen
    # Undated links count as old: a document that dates some of its links dates its news.
    owed.sort(key=lambda index: _age_key(chosen[index][0]), reverse=True)
    for index in owed[most:]:
        chosen[index] = (chosen[index][0], Outcome.OVER_CAP, f"beyond {most} owed links of one document")
    return chosen


def _age_key(judged: Judged) -> float:
    claimed = judged.link.published or judged.link.modified
    return claimed.at.timestamp() if claimed is not None else float("-inf")


def find_identity(page_url: str, claimed: str | None) -> str:
    """The canonical URL of a page: its own `rel=canonical` where that lies on the same site and is no home page.

    >>> find_identity("https://m.a.example/amp/1", "https://www.a.example/1")
    'https://www.a.example/1'
    >>> find_identity("https://a.example/1", "https://thief.example/1")
    'https://a.example/1'
    >>> find_identity("https://a.example/a-story/amp/", "https://a.example/a-story/")
    'https://a.example/a-story/'
    """
    own = canonicalise(page_url) or page_url
    other = canonicalise(claimed, base=own) if claimed else None
    if other is None or other == own or not same_site(own, other):
        return own
    path = re.sub(r"^[a-z]+://[^/]*", "", other).partition("?")[0]
    # A template that names its home page or the section as every page's canonical would make all stories one.
    folder = other.rstrip("/") + "/"
    is_parent = own.startswith(folder) and path.count("/") <= 2 and not _is_twin_step(own.removeprefix(folder))
    return own if path.strip("/") == "" or is_parent else other


def _is_twin_step(rest: str) -> bool:
    return unquote(rest.partition("?")[0]).strip("/").casefold() in _TWIN_STEPS


def tell_same_story(current: CurrentText, other: ExtractionRow) -> bool:
    """Whether another URL's text is the story that is stored: same title, or four fifths of the shorter one's words."""
    if current.title and other.title and _words(current.title) == _words(other.title):
        return True
    mine, theirs = set(_words(current.text)), set(_words(other.text))
    smaller = min(len(mine), len(theirs))
    return smaller > 0 and len(mine & theirs) / smaller >= 0.8


def tell_edit_by_lines(old: Wording, new: Wording) -> bool:
    """Whether the publisher changed a story, told from two extractions of it under different rules.

    What rules took out of a text still stands in its raw extraction. So a line that one text keeps more often than the
    other's raw extraction has it, lines that both keep in another order, or a headline that is none of the other's
    titles, is the publisher's doing. A summary decides nothing: rules choose it, and what they chose from is not
    stored.
    """
    if _kept(new) - _raw(old) or _kept(old) - _raw(new) or _shared(old, new) != _shared(new, old):
        return True
    return old.title not in new.titles | {new.title} and new.title not in old.titles


def _kept(wording: Wording) -> Counter[str]:
    return Counter(wording.text.split("\n"))


def _raw(wording: Wording) -> Counter[str]:
    return _kept(wording) + Counter(line for span in wording.spans for line in span.split("\n"))


def _shared(wording: Wording, other: Wording) -> list[str]:
    """Its lines that both texts keep once, in its order: of a line printed twice, rules may have left either."""
    here, there = _kept(wording), _kept(other)
    return [line for line in wording.text.split("\n") if here[line] == there[line] == 1]


def is_own_capture(current: CurrentText, frontier_url: str) -> bool:
    """Whether the article's revisions come from this very URL (a twin's bytes are never compared with it)."""
    return current.fetch_url_hash == hash_url(frontier_url)


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.casefold())
