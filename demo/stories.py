"""The wire copy that the newsroom's publishers carry: our own texts in the manner of agencies, read from `wire/`.

A file is a head of `key: value` lines, an empty line, then a paragraph a line; a paragraph that opens with ``## `` is
a sub-head.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

Language = Literal["ar", "en"]

SUBHEAD = "## "

# The seed lies beside the repository, not in it: a real republished article as a naive extractor left it.
SEED_FILE = Path(__file__).resolve().parents[2] / "shared" / "seed" / "article.ar.txt"
SEED_STORY = "seed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Paragraph:
    """One paragraph of copy, or a sub-head between two of them."""

    text: str
    subhead: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One piece of wire copy, before any publisher has touched it.

    `headlines` are two: the agency's own and a rewritten one. `place` is as the dateline has it. `bears_dateline` is
    true where the first paragraph already opens with place and agency.
    """

    name: str
    language: Language
    agency: str
    place: str
    section: str
    headlines: tuple[str, str]
    standfirst: str | None
    author: str | None
    tags: tuple[str, ...]
    sign_off: str | None
    paragraphs: tuple[Paragraph, ...]
    bears_dateline: bool = False


@cache
def read_stories() -> dict[str, Story]:
    """Every story by name; the seed's article is among them (as ``seed``) only where its file lies.

    Raises:
        ValueError: a story file has an unknown language or no text.
    """
    stories: dict[str, Story] = {}
    for entry in sorted(resources.files("demo").joinpath("wire").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".txt"):
            name = entry.name.removesuffix(".txt")
            stories[name] = parse_story(name, entry.read_text(encoding="utf-8"))
    if SEED_FILE.is_file():
        stories[SEED_STORY] = _read_seed(SEED_FILE.read_text(encoding="utf-8"))
    return stories


def parse_story(name: str, text: str) -> Story:
    """A story from the text of its file.

    >>> parse_story("x", "language: en\\nagency: AP\\nplace: LIMA\\nheadline: A\\n\\nOne.\\n## Two\\n").paragraphs[1]
    Paragraph(text='Two', subhead=True)
    """
    head, _, body = text.partition("\n\n")
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in head.splitlines())}
    language = fields["language"]
    if language not in ("ar", "en"):
        raise ValueError(f"wire/{name}.txt: language {language!r}; expected ar or en")
    paragraphs = tuple(_paragraph(line) for line in body.splitlines() if line.strip())
    if not paragraphs:
        raise ValueError(f"wire/{name}.txt: no text after the head; expected a paragraph a line")
    return Story(
        name=name,
        language=language,  # type: ignore[arg-type]
        agency=fields["agency"],
        place=fields["place"],
        section=fields.get("section", ""),
        headlines=(fields["headline"], fields.get("other headline") or fields["headline"]),
        standfirst=fields.get("standfirst") or None,
        author=fields.get("author") or None,
        tags=tuple(tag.strip() for tag in fields.get("tags", "").split(",") if tag.strip()),
        sign_off=fields.get("sign-off") or None,
        paragraphs=paragraphs,
    )


def _paragraph(line: str) -> Paragraph:
    return Paragraph(text=line.removeprefix(SUBHEAD).strip(), subhead=line.startswith(SUBHEAD))


def _read_seed(text: str) -> Story:
    """The seed's article without its last two lines, which are the site's boilerplate (trust line, comment prompt)."""
    lines = [line for line in text.splitlines() if line.strip()][:-2]
    headline = "روسيا والصين توقعان اتفاقيات في بكين وتشيدان بعلاقات بلغت مستوى غير مسبوق"
    return Story(
        name=SEED_STORY,
        language="ar",
        agency="Reuters",
        place="بكين",
        section="العالم",
        headlines=(headline, headline),
        standfirst=None,
        author=None,
        tags=("روسيا", "الصين"),
        sign_off=None,
        paragraphs=tuple(Paragraph(text=line) for line in lines),
        bears_dateline=True,
    )
