"""The headline: every place that states it, the site's name taken off, and which of them is believed."""

from __future__ import annotations

import re

from crawler.extract.page import squeeze

# What sites put between headline and their own name.
_SEPARATOR = re.compile(r"\s+[|\-–—·•»«:›ㅣ]{1,2}\s+|\s*[|ㅣ｜]\s*|\s+::\s+|-(?=[^-]{2,30}[ㅣ|])")
_WORD = re.compile(r"\w+")
_MAX_SUFFIX_WORDS = 6
# Votes for a wording. Chosen over 138 pages with known headlines: what a page states for machines beats its h1, which
# may carry a kicker; og and twitter together beat JSON-LD and h1 together.
_WEIGHTS = {"jsonld": 1.6, "og": 1.6, "twitter": 0.6, "h1": 0.5, "feed": 0.5, "title": 0.05, "setting": 10.0}


def rank_titles(
    stated: list[tuple[str, str | None]], *, site_name: str | None, host: str
) -> tuple[tuple[str, str], ...]:
    """Titles as (provenance, title), best first, site names taken off, repeats dropped.

    The wording that most places agree on wins; agreement looks at words only, not at quotes and dashes.
    """
    found = [(place, squeeze(title)) for place, title in stated if title and squeeze(title)]
    plain = {loosen(title) for place, title in found if place in {"h1", "jsonld", "setting"}}
    found = [
        (place, title if place in {"h1", "jsonld", "setting"} else strip_site(title, site_name, host, plain))
        for place, title in found
    ]
    votes: dict[str, float] = {}
    for place, title in found:
        votes[loosen(title)] = votes.get(loosen(title), 0.0) + _WEIGHTS.get(place, 0.1)
    names = {loosen(name) for name in (site_name, host) if name}
    ranked = sorted(found, key=lambda item: (loosen(item[1]) in names, -votes[loosen(item[1])], -_weight(item[0])))
    unique: dict[str, tuple[str, str]] = {}
    for place, title in ranked:
        if title:
            unique.setdefault(title, (place, title))
    return tuple(unique.values())


def _weight(place: str) -> float:
    return _WEIGHTS.get(place, 0.1)


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
