"""JSON-LD as pages really carry it: several blocks, graphs, lists, ids, broken syntax; gives the article's own node."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

from lxml.html import HtmlElement

_ARTICLE_NAMES = """
Article NewsArticle ReportageNewsArticle AnalysisNewsArticle OpinionNewsArticle BackgroundNewsArticle Recipe Review
AskPublicNewsArticle ReviewNewsArticle BlogPosting LiveBlogPosting SocialMediaPosting ScholarlyArticle TechArticle
AdvertiserContentArticle SatiricalArticle Report
"""
_ARTICLE_TYPES = frozenset(_ARTICLE_NAMES.split())
_PAGE_TYPES = frozenset({"WebPage", "ItemPage", "CreativeWork", "MediaObject"})
_OTHER_TYPES = frozenset(
    {"VideoObject", "ImageGallery", "CollectionPage", "ItemList", "FAQPage", "QAPage", "SearchResultsPage"}
)
_NESTED = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "hasPart")
_ORGANISATIONS = ("Organization", "NewsMediaOrganization", "Corporation", "NGO", "NewsAgency")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_COMMENT = re.compile(
    r"^\s*(?:<!--|/\*\s*<!\[CDATA\[\s*\*/|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|/\*\s*\]\]>\s*\*/|//\s*\]\]>|\]\]>)\s*;?\s*$"
)
_LOOSE_STRING = re.compile(
    r'"(headline|datePublished|dateModified|description|articleSection)"\s*:\s*"((?:[^"\\]|\\.){1,2000})"'
)
_LOOSE_AUTHOR = re.compile(r'"author"\s*:\s*(?:\[\s*)?\{[^{}]{0,300}?"name"\s*:\s*"((?:[^"\\]|\\.){1,200})"')
_SURROGATE = re.compile("[\ud800-\udfff\x00]")
_MAX_NODES = 2_000  # a page with more is a machine's dump; the article's node stands early

Node = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What the page's JSON-LD says about the article. Dates are raw strings; names are as written.

    `types` are all types met on the page; `body` is `articleBody` as plain text, a witness and never the text itself.
    """

    headline: str | None = None
    description: str | None = None
    body: str | None = None
    published: str | None = None
    modified: str | None = None
    persons: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    publisher: str | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    image: str | None = None
    language: str | None = None
    kind: str | None = None
    types: frozenset[str] = frozenset()
    free: bool | None = None  # isAccessibleForFree
    updates: int = 0  # posts of a LiveBlogPosting


def read_statement(root: HtmlElement, url: str) -> Statement:
    """The statement about the page's article; an empty one where there is no JSON-LD that can be read."""
    nodes: list[Node] = []
    loose: Node = {}
    for script in root.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text:
            value = _load(script.text)
            if value is None:
                loose = loose or _read_loosely(script.text)
            else:
                nodes.extend(_flatten(value))
    if not nodes and not loose:
        return Statement()
    types = frozenset(name for node in nodes for name in _types(node))
    node = _choose(nodes, url) or loose
    ids = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    return _state(node, ids, types)


def _load(text: str) -> Any:
    """Parsed JSON with the commonest damage mended, None where it stays unreadable."""
    text = _SURROGATE.sub("\ufffd", text)
    for attempt in (text, _TRAILING_COMMA.sub(r"\1", _COMMENT.sub("", text).strip().rstrip(";"))):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _read_loosely(text: str) -> Node:
    """The few strings that matter, out of JSON that cannot be parsed (an unescaped quote in the body is common)."""
    node: Node = {}
    for key, value in _LOOSE_STRING.findall(text):
        node.setdefault(key, _unescape_json(value))
    if found := _LOOSE_AUTHOR.search(text):
        node["author"] = {"@type": "Person", "name": _unescape_json(found[1])}
    if node:
        node["@type"] = "NewsArticle"
    return node


def _unescape_json(value: str) -> str:
    try:
        return str(json.loads(f'"{value}"', strict=False))
    except ValueError:
        return value


def _flatten(value: Any) -> list[Node]:
    """All nodes of a document in order, containers opened; not recursive, for a hostile page nests without end."""
    found: list[Node] = []
    queue = [value]
    while queue and len(found) < _MAX_NODES:
        item = queue.pop(0)
        if isinstance(item, list):
            queue[:0] = item
        elif isinstance(item, dict):
            found.append(item)
            queue[:0] = [item[key] for key in _NESTED if isinstance(item.get(key), (dict, list))]
    return found


def _types(node: Node) -> list[str]:
    value = node.get("@type")
    return [str(name).rsplit("/", 1)[-1] for name in _as_list(value) if isinstance(name, str)]


def _choose(nodes: list[Node], url: str) -> Node | None:
    """The node of this page's article: of an article type, about this URL before others, the fullest first."""
    best: tuple[int, int, Node] | None = None
    for order, node in enumerate(nodes):
        types = set(_types(node))
        rank = 100 if types & _ARTICLE_TYPES else 10 if types & _PAGE_TYPES else 5 if types & _OTHER_TYPES else 0
        if not rank:
            continue
        rank += 20 * any(
            _same_page(value, url) for value in (node.get("url"), node.get("@id"), node.get("mainEntityOfPage"))
        )
        rank += sum(key in node for key in ("headline", "datePublished", "author", "articleBody"))
        if best is None or rank > best[0]:
            best = (rank, order, node)
    return best[2] if best else None


def _same_page(value: Any, url: str) -> bool:
    if isinstance(value, dict):
        value = value.get("@id")
    return isinstance(value, str) and len(value) > 12 and _bare(value) == _bare(url)


def _bare(url: str) -> str:
    return url.split("#", maxsplit=1)[0].split("?", maxsplit=1)[0].rsplit("://", maxsplit=1)[-1].rstrip("/")


def _state(node: Node, ids: dict[str, Node], types: frozenset[str]) -> Statement:
    persons, organisations = _names(node.get("author"), ids)
    if not persons and not organisations:
        persons, organisations = _names(node.get("creator"), ids)
    for key in ("sourceOrganization", "provider"):
        organisations += sum(_names(node.get(key), ids), ())
    own = _types(node)
    article = bool(set(own) & (_ARTICLE_TYPES | _PAGE_TYPES))
    publisher = sum(_names(node.get("publisher"), ids), ())
    updates = node.get("liveBlogUpdate")
    return Statement(
        headline=_text(node.get("headline")) or (_text(node.get("name")) if article else None),
        description=_text(node.get("description")),
        body=_plain(_text(node.get("articleBody"))),
        published=_date(node.get("datePublished")) or _date(node.get("dateCreated")) or _date(node.get("uploadDate")),
        modified=_date(node.get("dateModified")),
        persons=persons,
        organisations=tuple(dict.fromkeys(organisations)),
        publisher=publisher[0] if publisher else None,
        section=_first(node.get("articleSection")),
        keywords=tuple(_keywords(node.get("keywords"))),
        image=_image(node.get("image"), ids),
        language=_language(node.get("inLanguage")),
        kind=next((name for name in own if name in _ARTICLE_TYPES | _OTHER_TYPES), own[0] if own else None),
        types=types,
        free=_free(node.get("isAccessibleForFree")),
        updates=len(updates) if isinstance(updates, list) else 0,
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, str)), None)
    if isinstance(value, dict):
        value = value.get("@value")
    if not isinstance(value, str):
        return None
    value = _SURROGATE.sub("\ufffd", unescape(unescape(value)) if "&" in value else value)
    return value.strip() or None


def _first(value: Any) -> str | None:
    return next(filter(None, map(_text, _as_list(value))), None)


def _plain(body: str | None) -> str | None:
    """A body without the tags that some sites leave in it."""
    return re.sub(r"<[^<>]{1,300}>", " ", body) if body and "<" in body else body


def _date(value: Any) -> str | None:
    return str(value) if isinstance(value, int) else _first(value)


def _names(value: Any, ids: dict[str, Node]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Persons and organisations named by an `author`-like value, in order, without repeats."""
    persons: dict[str, None] = {}
    organisations: dict[str, None] = {}
    for item in _people(value, ids):
        name = _first(item.get("name")) if isinstance(item, dict) else _text(item)
        if not name or name.startswith(("http://", "https://")) or len(name) > 200:
            continue
        types = _types(item) if isinstance(item, dict) else []
        (organisations if any(kind in _ORGANISATIONS for kind in types) else persons)[name] = None
    return tuple(persons), tuple(organisations)


def _people(value: Any, ids: dict[str, Node]) -> Iterator[Any]:
    for item in _as_list(value):
        if isinstance(item, dict) and "name" not in item and isinstance(item.get("@id"), str):
            yield ids.get(item["@id"], item)
        elif isinstance(item, dict) and isinstance(item.get("name"), list):
            yield from ({**item, "name": name} for name in item["name"])
        elif isinstance(item, list):
            yield from item
        else:
            yield item


def _keywords(value: Any) -> list[str]:
    words: list[str] = []
    for item in _as_list(value):
        if isinstance(item, str):
            words.extend(part.strip() for part in re.split(r"[,،;|]", unescape(item)))
        elif isinstance(item, dict) and isinstance(item.get("name"), str):
            words.append(item["name"].strip())
    return [word for word in dict.fromkeys(words) if word and not word.startswith(("http", "{"))][:50]


def _image(value: Any, ids: dict[str, Node]) -> str | None:
    for item in _as_list(value):
        node = ids.get(str(item.get("@id")), item) if isinstance(item, dict) else item
        if isinstance(node, dict):
            node = _text(node.get("url")) or _text(node.get("contentUrl"))
        if isinstance(node, str):
            return node
    return None


def _language(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("alternateName") or value.get("name")
    return _first(value)


def _free(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).strip().lower()) if value is not None else None
