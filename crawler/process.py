"""The join of the pure stages: a fetched page becomes an article, or is rejected for a stated reason."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.resources import files
from urllib.parse import urlsplit

from crawler import attribute as attribution
from crawler import clean as cleaning
from crawler.clean.gates import Refusal, Signals, doubts, refuse
from crawler.clean.verdicts import ends_sentence
from crawler.extract.body import Hints, extract_lines
from crawler.extract.charset import Decoded, decode
from crawler.extract.jsonld import Statement, read_statement
from crawler.extract.language import detect_language
from crawler.extract.metadata import Context, Metadata, read_metadata, read_metas
from crawler.extract.page import PageTree, parse, strip_dead, walk
from crawler.extract.reservations import read_reservations
from crawler.extract.site import SiteWord, apply_site_rules
from crawler.records import Article, ClaimedDate, Line, Page, Rejected, RejectReason, Versions

# Bumped whenever code (not a rule file) changes what comes out of the same bytes.
VERSION = 4

_MAX_BODY = 5 * 1024 * 1024  # a 5.3 MB page took trafilatura 19 s of CPU
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article|div|p|meta|title)\b", re.IGNORECASE)
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")  # about two of them make a word
_GATE_CHARS = 6_000
_GATE_BLOCKS = 400
_PROSE = 80
_HEADLINES = re.compile(r"^(?:title-echo|link-line)$|\.links$|read-also-line$")  # they tell who said what
_HEAD = 12  # lines in which a dateline of its own may stand, behind title, date and captions


def process(page: Page) -> Article | Rejected:
    """Read one page: charset, metadata, text, cleaning, gates, attribution. The same page gives the same answer."""
    versions = versions_of(page)
    if refusal := _refuse_unread(page):
        return Rejected(reason=refusal.reason, detail=refusal.detail, versions=versions)
    decoded = decode(page.body, setting=page.rules.charset, content_type=page.content_type)
    root = parse(decoded.data)
    if root is None:
        return Rejected(reason=RejectReason.EMPTY_SHELL, detail="no element on the page", versions=versions)
    statement = read_statement(root, page.url)
    metas = read_metas(root)
    strip_dead(root)
    site = apply_site_rules(root, page.rules)
    tree = walk(root)
    metadata = read_metadata(tree, metas, statement, _context(page, site))
    hints = Hints(
        headline=metadata.headline,
        description=metadata.description,
        witness=statement.body,
        live=_kind(statement) == "live_blog",
        bodies=site.bodies,
    )
    lines = extract_lines(tree, hints)
    cleaned = cleaning.clean(
        lines, _facts(metadata, lines), host_lines=page.host_lines, site_patterns=page.rules.remove_lines
    )
    reading = _Reading(page, decoded, tree, statement, metadata, lines, cleaned, versions)
    signals = _signals(reading)
    refusal = refuse(signals) or _refuse_live(reading)
    return _reject(reading, refusal) if refusal else _article(reading, signals)


def rules_digest() -> str:
    """Digest over every rule file that has a say in what `process` gives: lexicon, gates, agencies, months."""
    tables = [entry for entry in files("crawler.extract").iterdir() if entry.name.endswith(".toml")]
    months = b"".join(entry.read_bytes() for entry in sorted(tables, key=lambda entry: entry.name))
    parts = f"{cleaning.rules_digest()} {attribution.rules_digest()} ".encode() + months
    return hashlib.sha256(parts).hexdigest()[:16]


@functools.cache
def _constant_versions() -> tuple[str, str]:
    return version("trafilatura"), rules_digest()


def versions_of(page: Page) -> Versions:
    """Under which code and rules this page is read."""
    site = json.dumps([asdict(page.rules), page.language, page.timezone], sort_keys=True, ensure_ascii=False)
    trafilatura, rules = _constant_versions()
    return Versions(
        extractor=VERSION,
        trafilatura=trafilatura,
        rules=rules,
        site=hashlib.sha256(site.encode()).hexdigest()[:16],
        host_state=page.host_state,
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Everything read from one page, for the steps at the end."""

    page: Page
    decoded: Decoded
    tree: PageTree
    statement: Statement
    metadata: Metadata
    lines: tuple[Line, ...]
    cleaned: cleaning.Cleaned
    versions: Versions


def _refuse_unread(page: Page) -> Refusal | None:
    if page.status >= 400:
        return Refusal(reason=RejectReason.ERROR_PAGE, detail=f"HTTP status {page.status}")
    if len(page.body) > _MAX_BODY:
        return Refusal(reason=RejectReason.TOO_LARGE, detail=f"{len(page.body)} bytes, at most {_MAX_BODY} are parsed")
    kind = (page.content_type or "").split(";")[0].strip().lower()
    textual = not kind or "html" in kind or kind.startswith("text/") or "xml" in kind
    if not textual or (kind not in {"text/html", "application/xhtml+xml"} and not _HTML.search(page.body[:20_000])):
        return Refusal(
            reason=RejectReason.NOT_HTML, detail=f"content type {kind or 'not stated'}, no HTML in the bytes"
        )
    return None


def _context(page: Page, site: SiteWord) -> Context:
    return Context(
        url=page.url,
        fetched_at=page.fetched_at,
        timezone=page.timezone,
        language=page.language,
        http_language=page.http_language,
        feed_title=page.announced.title if page.announced else None,
        site=site,
    )


def _facts(metadata: Metadata, lines: tuple[Line, ...]) -> cleaning.Facts:
    return cleaning.Facts(
        titles=tuple(title for _, title in metadata.titles),
        authors=metadata.authors,
        description=metadata.description,
        section=metadata.section,
        tags=metadata.tags,
        site_name=metadata.site_name,
        credits=frozenset(line.text for line in lines if attribution.is_credit_line(line.text)),
        datelines=frozenset(line.text for line in lines[:_HEAD] if attribution.is_dateline_only(line.text)),
    )


def _signals(reading: _Reading) -> Signals:
    blocks, kept, published = reading.tree.blocks, reading.cleaned.kept, reading.metadata.published
    prose = [line for line in kept if len(line.text) >= _PROSE]
    placed = [line.block for line in prose if line.block >= 0]
    headlines = [block.index for block in blocks if block.links >= 25 and block.links * 10 >= len(block.text) * 7]
    chars = sum(len(line.text) for line in prose) or 1
    address = urlsplit(reading.page.url)
    return Signals(
        title=reading.metadata.title,
        page_title=reading.tree.root.findtext(".//title"),
        path=address.path + (f"?{address.query}" if address.query else ""),
        text=reading.cleaned.text,
        page_text="\n".join(block.text for block in blocks[:_GATE_BLOCKS])[:_GATE_CHARS],
        page_chars=reading.tree.chars,
        headlines=len(headlines),
        between=sum(min(placed) < index < max(placed) for index in headlines) if placed else 0,
        paragraphs=len(prose),
        beside=sum(len(line.text) for line in prose if line.beside and line.block >= 0) / chars,
        longest=max((len(line.text) for line in kept), default=0),
        words=len(reading.cleaned.text.split()) + len(_UNSPACED.findall(reading.cleaned.text)) // 2,
        statement_type=reading.statement.kind,
        statement_types=reading.statement.types,
        page_type=reading.metadata.page_type,
        stated=published is not None and published.provenance.startswith(("jsonld", "meta")),
        free=reading.statement.free,
    )


def _refuse_live(reading: _Reading) -> Refusal | None:
    if reading.page.rules.live_blogs == "reject" and _kind(reading.statement) == "live_blog":
        return Refusal(
            reason=RejectReason.LIVE_BLOG, detail="its JSON-LD calls it LiveBlogPosting; the source rejects them"
        )
    return None


def _reject(reading: _Reading, refusal: Refusal) -> Rejected:
    # A page nested too deep looks empty: what lies below the limit was cut off, the bytes are in the WARC.
    cut = reading.tree.too_deep and refusal.reason in {RejectReason.EMPTY_SHELL, RejectReason.NO_TEXT}
    return Rejected(
        reason=RejectReason.TOO_DEEP if cut else refusal.reason,
        detail=refusal.detail,
        versions=reading.versions,
        title=reading.metadata.title,
        text=reading.cleaned.text,
        canonical_url=reading.metadata.canonical_url,
    )


def _article(reading: _Reading, signals: Signals) -> Article:
    metadata, cleaned = reading.metadata, reading.cleaned
    credited = attribution.attribute(
        text=cleaned.text,
        authors_raw=metadata.authors,
        byline_raw=metadata.byline,
        credit_lines=(*_credit_lines(cleaned), *([metadata.source] if metadata.source else [])),
        organisations=metadata.organisations,
        site_name=metadata.site_name,
    )
    return Article(
        text=cleaned.text,
        title=metadata.title,
        summary=cleaned.summary,
        removals=cleaned.removals,
        authors=credited.authors,
        credits=credited.credits,
        place=credited.place,
        published=_published(reading),
        modified=metadata.modified or (reading.page.announced.modified if reading.page.announced else None),
        language=detect_language(cleaned.text, metadata.languages),
        section=metadata.section,
        tags=metadata.tags,
        image=metadata.image,
        canonical_url=metadata.canonical_url,
        charset=reading.decoded.charset,
        charset_source=reading.decoded.source,
        versions=reading.versions,
        titles=metadata.titles,
        flags=_flags(reading, signals),
        kind=_kind(reading.statement),
    )


def _credit_lines(cleaned: cleaning.Cleaned) -> tuple[str, ...]:
    """Removed lines at either end and the text's own last ones: where sign-offs and credits stand.

    A last line that is a sentence only mentions the agency that it names.
    """
    ends = (removal for removal in cleaned.removals if removal.zone != "body")
    removed = [removal.text.strip() for removal in ends if not _HEADLINES.search(removal.rule)]
    short = [line for line in cleaned.kept[-2:] if len(line.text) < 120 and not ends_sentence(line.text)]
    return tuple(text for text in (*removed, *(line.text for line in short)) if text and len(text) < 200)


def _published(reading: _Reading) -> ClaimedDate | None:
    """The page's own date; the feed's where the page has none, or has only one converted from Hijri or relative."""
    own, announced = reading.metadata.published, reading.page.announced
    stated = announced.published if announced else None
    doubtful = own is None or bool({"estimated", "relative", "ambiguous"} & set(own.flags))
    return stated if stated and doubtful else own


def _flags(reading: _Reading, signals: Signals) -> tuple[str, ...]:
    flags = list(reading.decoded.flags)
    if reading.tree.too_deep:
        flags.append("too_deep")
    flags += doubts(signals)
    if _kind(reading.statement) == "live_blog":
        flags.append("live_blog")
    flags += read_reservations(reading.tree.root, reading.page.robots_tag, reading.page.tdm_reservation)
    return tuple(dict.fromkeys(flags))


def _kind(statement: Statement) -> str:
    return "live_blog" if "LiveBlogPosting" in statement.types else "article"
