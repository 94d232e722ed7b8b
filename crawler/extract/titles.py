"""The headline: every place that states it, the site's name taken off, and which of them is believed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.extract.page import squeeze

# What sites put between headline and their own name.
_SEPARATOR = re.compile(r"\s+[|\-–—·•»«:›ㅣ*]{1,2}\s+|\s*[|ㅣ｜]\s*|\s+::\s+|-(?=[^-]{2,30}[ㅣ|])")
_EDGES = " |\t\u200e\u200f"
_DANGLING = re.compile(r"\s+[|\-–—·•»›*]+$")  # what is left of a template whose site name is empty
_SLUG = re.compile(r"(?:[^\W_]|%)+(?:[-_]+(?:[^\W_]|%)+){2,}")  # each character in one way: no time beyond the length's
_WORD = re.compile(r"\w+")
_MAX_SUFFIX_WORDS = 6
# What states the headline alone: nothing is cut off it, and what stands around it elsewhere is the site's.
_PLAIN = frozenset({"h1", "jsonld", "setting", "headline"})
# Votes for a wording. Chosen over 138 pages with known headlines: what a page states for machines beats its h1, which
# may carry a kicker; og and twitter together beat JSON-LD and h1 together (5 sites to 2), unless the site's name is
# still on them: then they are the page's title once more (0 sites to 3). Where the h1 says what nobody else says (a
# live blog's latest post), the <title> is the page's own word (2 sites to 0). `docs/extraction.md` has the gains.
_WEIGHTS = {"jsonld": 1.6, "og": 1.6, "twitter": 0.6, "h1": 0.5, "feed": 0.5, "headline": 0.3, "title": 0.05}
_SETTING = 10.0
_NAMED_SITE = 0.8  # share of its vote that a title with the site's name on it keeps
_TITLE_FOR_H1 = 0.65
_SLUG_SHARE = 0.1
_LONGEST = 1_000  # characters; what is longer is no headline, and finding the site's name in it takes the square of it
_LEAST_WORDS = 3  # of a wording cut short, before it counts for the longer one


@dataclass(frozen=True, slots=True)
class _Stated:
    """A title as one place states it: the text without the site's name, its wording, its vote."""

    place: str
    title: str
    wording: str
    vote: float


def rank_titles(
    stated: list[tuple[str, str | None]], *, site_name: str | None, host: str
) -> tuple[tuple[str, str], ...]:
    """Titles as (provenance, title), best first, site names taken off, repeats dropped.

    The wording that most places agree on wins; agreement looks at words only, not at quotes and dashes. A wording that
    was cut off in the middle counts for the whole one; of one wording in capitals and as usual the usual one stands.
    """
    found = _strip_all(stated, site_name, host)
    votes: dict[str, float] = {}
    for item in found:
        votes[item.wording] = votes.get(item.wording, 0.0) + item.vote
    names = {loosen(name) for name in (site_name, host) if name}
    ranked = sorted(
        found,
        key=lambda item: (
            item.wording in names,
            -votes[item.wording],
            loosen(item.title) != item.wording,  # a cut-off form stands behind the whole one
            item.title.isupper(),
            -_weight(item.place),
        ),
    )
    unique: dict[str, tuple[str, str]] = {}
    for item in ranked:
        if item.title:
            unique.setdefault(item.title, (item.place, item.title))
    return tuple(unique.values())


def _strip_all(stated: list[tuple[str, str | None]], site_name: str | None, host: str) -> list[_Stated]:
    clean = [(place, title) for place, raw in stated if raw and len(raw) <= _LONGEST and (title := _trim(raw))]
    plain = {loosen(title) for place, title in clean if place in _PLAIN}
    found: list[_Stated] = []
    for place, title in clean:
        bare = title if place in _PLAIN else strip_site(title, site_name, host, plain)
        share = 1.0 if bare == title else _NAMED_SITE
        share *= _SLUG_SHARE if _SLUG.fullmatch(bare) else 1.0
        found.append(_Stated(place, bare, loosen(bare), _weight(place) * share))
    return [_judge(item, found) for item in found]


def _judge(item: _Stated, found: list[_Stated]) -> _Stated:
    """A cut-off wording votes for the whole one; the <title> for the h1 that agrees with no other place."""
    others = {other.wording for other in found if other is not item}
    whole = item.wording if len(item.wording.split()) >= _LEAST_WORDS else ""
    longer = [wording for wording in others if whole and wording.startswith(f"{whole} ")]
    if longer and _is_cut(item, [other for other in found if other.wording in longer]):
        return _Stated(item.place, item.title, min(longer, key=len), item.vote)
    if item.place == "title" and not _h1_agrees(found):
        return _Stated(item.place, item.title, item.wording, _TITLE_FOR_H1)
    return item


def _is_cut(item: _Stated, longer: list[_Stated]) -> bool:
    """Ends in an ellipsis, or at the straight quote that closed its attribute."""
    if item.title.endswith(("…", "...")):
        return True
    return any(other.title[len(item.title) :].lstrip().startswith('"') for other in longer)


def _h1_agrees(found: list[_Stated]) -> bool:
    h1 = next((item.wording for item in found if item.place == "h1"), None)
    return h1 is None or any(item.wording == h1 for item in found if item.place not in ("h1", "headline"))


def _weight(place: str) -> float:
    return _SETTING if place == "setting" else _WEIGHTS.get(place, 0.1)


def _trim(title: str) -> str:
    return _DANGLING.sub("", squeeze(title)).strip(_EDGES)


def loosen(text: str) -> str:
    """The words of a title in lower case, for comparison.

    >>> loosen("‘Yes’, he said – again")
    'yes he said again'
    """
    return " ".join(_WORD.findall(text.casefold()))


def strip_site(title: str, site_name: str | None, host: str, plain: set[str]) -> str:
    """A title without the site's name before or after it.

    `plain` are headlines known from elsewhere (loosened): what is left when they are cut off is the site's.

    >>> strip_site("Rates rise | The Gazette", "The Gazette", "gazette.example", set())
    'Rates rise'
    """
    cuts = list(_SEPARATOR.finditer(title))
    for cut in cuts:
        if loosen(title[: cut.start()]) in plain:
            return title[: cut.start()].strip()
        if loosen(title[cut.end() :]) in plain:
            return title[cut.end() :].strip()
    while cuts:
        cut = cuts.pop()
        if not _names_site(title[cut.end() :], cut.group(), site_name, host):
            break
        title = title[: cut.start()].strip()
    if (cut_first := _SEPARATOR.search(title)) and _names_site(title[: cut_first.start()], "-", site_name, host):
        title = title[cut_first.end() :].strip()
    return title


def _names_site(part: str, separator: str, site_name: str | None, host: str) -> bool:
    words = loosen(part)
    if not words:
        return True
    if site_name and (words == (name := loosen(site_name)) or (len(words) > 3 and words in name) or name in words):
        return len(words.split()) <= _MAX_SUFFIX_WORDS + len(site_name.split())
    joined = words.replace(" ", "")
    label = host.removeprefix("www.").replace("-", "")
    if len(joined) > 2 and (
        joined in label.replace(".", "") or (label.split(".")[0] in joined and len(words.split()) < 5)
    ):
        return True
    return any(mark in separator for mark in "|ㅣ｜") and len(words.split()) <= _MAX_SUFFIX_WORDS and len(words) < 40
