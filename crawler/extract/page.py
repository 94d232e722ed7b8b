"""One parse of a page, shared by metadata, extraction and cleaning, and one walk over its blocks of text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree, html
from lxml.html import HtmlElement

# A run of inline text ends where one of these begins or ends.
_BLOCK_NAMES = """
address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer
form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary table tbody td tfoot th thead
tr ul
"""
BLOCK_TAGS = frozenset(_BLOCK_NAMES.split())
_STRONG = frozenset({"b", "strong"})
_UNMARKED = frozenset({"a", "img", "i", "em", "b", "strong", "u", "input", "source", "picture", "link", "meta", "br"})
_NOTHING: frozenset[str] = frozenset()
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# Nothing in these is ever text of the page; they go before anything else looks at the tree.
_DEAD = ("script", "style", "template", "svg", "iframe", "object", "embed", "audio", "canvas", "select")
_DEEP = 256  # lxml's own limit without huge_tree; a page nested deeper is flagged

# What an element's class, id or role says about what it holds. Whole words between separators (camelCase is split).
_MARK_WORDS = {
    "nav": "nav navbar navigation menu breadcrumb breadcrumbs pagination pager toolbar topbar skip submenu tabs",
    "related": "related relatedlinks recommended recommendation recommendations recirculation recirc readmore"
    " morenews trending popular mostread mostpopular outbrain taboola seealso alsoread relacionadas relacionados"
    " similaires lesen weiterlesen promo teaser teasers teasergrid ticker latest previous prev next linkbox onward"
    " suggested suggestions",
    "share": "share sharing shares sharebar shareblock social socials follow addtoany addthis sharethis sns whatsapp",
    "newsletter": "newsletter newsletters subscribe subscription subscriptions signup mailinglist inscription abo",
    "comments": "comment comments disqus respond replies commentlist coral spotim",
    "caption": "caption captions wp-caption-text figcaption legend imagecaption mediacaption photocredit"
    " imagecredit copyright bildunterschrift legende gallery slideshow carousel lightbox slider",
    "ad": "ad ads advert advertisement advertising adsense adslot dfp sponsor sponsored werbung publicidad pub banner",
    "author": "author authors byline bylines bio authorbox contributor contributors signature writer reporter autor",
    "tags": "tag tags taglist keywords topics topic categories category cat-links hashtags kicker overline",
    "meta": "date datetime time timestamp published pubdate meta postmeta entry-meta dateline-date timeago",
    "standfirst": "standfirst subtitle subheadline subhead deck dek lede sapo chapo chapeau strapline excerpt abstract"
    " vorspann entradilla bajada sottotitolo ingress articlelead teasertext summary subtitulo",
    "legal": "disclaimer legal terms privacy cookie cookies consent gdpr copyrights rights",
    "paywall": "paywall metered piano regwall subscriber-only premium-wall",
    "hidden": "hidden visually-hidden sr-only screen-reader-text screenreader visuallyhidden noprint assistive",
    "embed": "twittertweet twittervideo instagrammedia tiktokembed embed embeds oembed fbpost rsmedia",
    "live": "liveblog live-blog livepost live-post ticker-event liveticker",
}
_MARK_OF_WORD = {word.replace("-", ""): mark for mark, words in _MARK_WORDS.items() for word in words.split()}
_MARK_OF_TAG = {
    "nav": "nav",
    "aside": "aside",
    "footer": "footer",
    "header": "header",
    "form": "form",
    "figure": "figure",
    "figcaption": "caption",
    "caption": "caption",
    "blockquote": "quote",
    "table": "table",
    "ul": "list",
    "ol": "list",
    "button": "button",
    "address": "author",
    "h1": "heading",
    "h2": "heading",
    "h3": "heading",
    "h4": "heading",
    "h5": "heading",
    "h6": "heading",
    "article": "article",
    "main": "main",
    "label": "form",
    "textarea": "form",
    "details": "details",
    "time": "meta",
}
_MARK_OF_ROLE = {
    "navigation": "nav",
    "complementary": "aside",
    "contentinfo": "footer",
    "banner": "header",
    "search": "form",
    "menu": "nav",
    "dialog": "legal",
    "alertdialog": "legal",
    "article": "article",
    "main": "main",
}
# Marks that describe the kind of text rather than a region apart from the article.
_NEUTRAL = frozenset({"article", "main", "heading", "quote", "table", "list", "standfirst", "live", "details"})
_WEAK = frozenset(
    {"tags", "ad", "meta", "author", "caption", "standfirst", "related", "legal", "hidden", "live", "paywall"}
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORDS = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Block:
    """A run of inline text in one block-level element, in page order.

    `links` counts characters inside links, `strong` those in bold; `marks` are what enclosing elements say of the
    region (``nav``, ``related``, ``caption`` …), as far as such an element holds only a part of the page.
    """

    index: int
    text: str
    tag: str
    links: int
    strong: int
    marks: frozenset[str]
    element: HtmlElement


@dataclass(frozen=True, slots=True)
class PageTree:
    """A parsed page. `blocks` are in page order, `chars` is the text of all of them, `depth` the deepest nesting."""

    root: HtmlElement
    blocks: tuple[Block, ...]
    chars: int
    depth: int

    @property
    def too_deep(self) -> bool:
        return self.depth > _DEEP


def parse(text: str | bytes) -> HtmlElement | None:
    """Parse a page from what `charset.decode` gives, its text or `data`; None where there is no element at all."""
    parser: html.HTMLParser = html.HTMLParser(
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
        huge_tree=True,
    )
    # lxml.html asks a Python function for each element's class; one class for all does the same here at half the cost
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    try:
        data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
        root = html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    return root


def squeeze(text: str) -> str:
    """Text with every run of white space (and zero-width space) as one space, trimmed."""
    if "\u200b" in text or "\ufeff" in text:
        text = text.replace("\u200b", " ").replace("\ufeff", " ")
    if "\u00ad" in text:  # soft hyphens: trafilatura drops them too
        text = text.replace("\u00ad", "")
    return " ".join(text.split())


def strip_dead(root: HtmlElement) -> None:
    """Take scripts, styles and other elements without text of their own out of the tree."""
    etree.strip_elements(root, *_DEAD, with_tail=False)
    for element in list(root.iter("noscript")):
        if element.find(".//p") is not None and element.find(".//div") is not None:
            element.drop_tag()  # one that was never closed holds the whole page
        else:
            element.drop_tree()


@dataclass(slots=True)
class _Walk:
    """State of one walk: the run of text under way and the regions that are open."""

    names: dict[tuple[object, ...], frozenset[str]] = field(default_factory=dict)  # marks by tag and attributes
    tokens: dict[str, tuple[str, ...]] = field(default_factory=dict)  # marks by class or id
    parts: list[str] = field(default_factory=list)
    link_chars: int = 0
    strong_chars: int = 0
    chars: int = 0
    deepest: int = 0
    regions: list[tuple[frozenset[str], int, int, int]] = field(default_factory=list)
    found: list[tuple[str, int, int, HtmlElement]] = field(default_factory=list)

    def flush(self, element: HtmlElement) -> None:
        if text := squeeze("".join(self.parts)):
            self.found.append((text, self.link_chars, self.strong_chars, element))
            self.chars += len(text)
        self.parts.clear()
        self.link_chars = self.strong_chars = 0

    def marks_of(self, element: HtmlElement) -> frozenset[str]:
        get = element.get
        key = (element.tag, get("class"), get("id"), get("role"), get("style"), get("hidden"), get("aria-hidden"))
        if (known := self.names.get(key)) is None:
            known = self.names[key] = self._read_marks(*key)
        return known

    def _read_marks(self, tag: str, *stated: str | None) -> frozenset[str]:
        names, id_, role, style, hidden, unspoken = stated
        marks = {_MARK_OF_TAG[tag]} if tag in _MARK_OF_TAG else set()
        # a heading's id is its own words, for links to point at
        for name in (names, None if tag in HEADINGS else id_):
            for token in name.split() if name else ():
                if (of_token := self.tokens.get(token)) is None:
                    of_token = self.tokens[token] = _marks_of_token(token)
                marks.update(of_token)
        if role and role in _MARK_OF_ROLE:
            marks.add(_MARK_OF_ROLE[role])
        if hidden is not None or unspoken == "true" or "none" in _display(style):
            marks.add("hidden")
        return frozenset(marks)


def walk(root: HtmlElement) -> PageTree:
    """All blocks of the page in one pass, each with the marks of the regions around it."""
    body = root.find("body")
    state = _Walk()
    start = body if body is not None else root
    _visit(state, start, start)
    state.flush(start)
    return PageTree(root=root, blocks=_mark(state), chars=state.chars, depth=state.deepest)


def _visit(state: _Walk, start: HtmlElement, block: HtmlElement) -> None:  # noqa: PLR0912, PLR0915
    """One loop for the whole page, without recursion (pages nest thousands deep) and with few calls: it is hot."""
    stack = [(start, iter(start), block, False, False, state.marks_of(start), 0, 0)]
    parts, found, regions, marks_of, flush = state.parts, state.found, state.regions, state.marks_of, state.flush
    deepest = 0
    if start.text and not start.text.isspace():
        parts.append(start.text)
    while stack:
        element, children, block, linked, strong, marks, first, before = stack[-1]
        for child in children:
            tag = child.tag
            if tag == "br":
                if parts:
                    flush(block)
            else:
                within, anchored, bold = block, linked, strong
                if tag in BLOCK_TAGS or "-" in tag:
                    if parts:
                        flush(block)
                    within = child
                elif tag == "a":
                    anchored = True
                elif tag in _STRONG:
                    bold = True
                text = child.text
                if len(child):
                    own = _NOTHING if tag in _UNMARKED else marks_of(child)
                    stack.append((child, iter(child), within, anchored, bold, own, len(found), state.chars))
                    if text and (parts or not text.isspace()):
                        _take(state, text, anchored, bold)
                    break
                # Most elements have no children: done with at once.
                deepest = max(deepest, len(stack) + 1)
                if within is not child:
                    if text and (parts or not text.isspace()):
                        _take(state, text, anchored, bold)
                    if parts and tag not in _UNMARKED and (own := marks_of(child)):
                        regions.append((own, len(found), len(found) + 1, 0))
                elif text and not text.isspace():
                    at, chars = len(found), state.chars
                    _take(state, text, anchored, bold)
                    flush(child)
                    if own := marks_of(child):
                        regions.append((own, at, len(found), state.chars - chars))
            tail = child.tail
            if tail and (parts or not tail.isspace()):
                _take(state, tail, linked, strong)
        else:
            stack.pop()
            if block is element and parts:
                flush(block)
            if marks:
                last = len(found) + (1 if parts and block is not element else 0)
                regions.append((marks, first, last, state.chars - before))
            if stack:
                deepest = max(deepest, len(stack) + 1)
                tail = element.tail
                if tail and (parts or not tail.isspace()):
                    _, _, _, linked, strong, _, _, _ = stack[-1]
                    _take(state, tail, linked, strong)
    state.deepest = deepest


def _take(state: _Walk, text: str, linked: bool, strong: bool) -> None:
    state.parts.append(text)
    if linked:
        state.link_chars += len(text.strip())
    elif strong:
        state.strong_chars += len(text.strip())


def _display(style: str | None) -> str:
    return style.replace(" ", "").partition("display:")[2][:4] if style else ""


def _marks_of_token(token: str) -> tuple[str, ...]:
    """Marks of a class or id. A weak word counts only where it closes a token: `post-tags` holds tags, but
    `tag-politics` is what WordPress writes on the article itself."""
    words = _WORDS.findall(token if token.islower() else _CAMEL.sub("-", token).lower())
    marks = []
    for at, word in enumerate(words):
        mark = _MARK_OF_WORD.get(word)
        if mark and (at == len(words) - 1 or mark not in _WEAK):
            marks.append(mark)
        if at and (mark := _MARK_OF_WORD.get(words[at - 1] + word)):
            marks.append(mark)
    return tuple(marks)


def _mark(state: _Walk) -> tuple[Block, ...]:
    """Blocks with the marks of their regions; a region with most of the page's text is the page, not a part of it."""
    marks = [_NOTHING] * len(state.found)
    for names, first, last, inside in state.regions:
        applied = names if inside <= 0.4 * state.chars else names & _NEUTRAL
        if applied:
            for at in range(first, min(last, len(marks))):
                marks[at] = marks[at] | applied if marks[at] else applied
    return tuple(
        Block(index, text, str(element.tag), links, strong, marks[index], element)
        for index, (text, links, strong, element) in enumerate(state.found)
    )
