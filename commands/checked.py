"""Prints what `wirekeep sources check` found, for people: documents, articles, overrides and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from commands.display import clean, clean_line, console, print_heading, print_text
from crawler.clean.registry import find_rule
from crawler.records import Rejected

if TYPE_CHECKING:
    from crawler.overrides import Override
    from crawler.pipeline.rehearsal import CheckedArticle, CheckedDocument, Learned, Rehearsal

SHOWN_LINKS = 8
SHOWN_CHARS = 120  # of a line that an override gained or lost; --json has all


def print_rehearsal(found: Rehearsal) -> None:
    print_heading(f"{found.source}: {'works' if found.works else 'does not work yet'}")
    for document in found.documents:
        _print_document(document)
    _print_learned(found.source, found.learned)
    for article in found.articles:
        _print_article(article)
    if found.warnings:
        typer.echo("")
    for warning in found.warnings:
        console.print(Text(f"  WARNING: {clean_line(warning)}", style="bold yellow"))


def _print_learned(source: str, learned: Learned) -> None:
    typer.echo("")
    if learned.unread is not None:
        typer.echo(f"  learned lines: not read, so the articles are shown without: {clean_line(learned.unread)}")
    elif not learned.hosts:
        typer.echo("  learned lines: none")
    for host, state in learned.hosts.items():
        lines = _count(len(state.lines), "line")
        typer.echo(
            f"  learned lines: {lines} in force on {host}, state {state.version} (wirekeep boilerplate {source})"
        )


def _print_document(document: CheckedDocument) -> None:
    typer.echo(f"\n  {document.kind} {clean_line(document.url)}")
    if document.error is not None:
        typer.echo(f"    not read: {clean_line(document.error)}")
        return
    kept = len(document.owed)
    facts = f"    {document.dialect}: {len(document.links)} links, {kept} would be fetched"
    if document.children:
        facts += f", {len(document.children)} sitemaps named"
    if document.over_cap:
        facts += f", {document.over_cap} beyond the cap"
    typer.echo(facts)
    if document.malformed:
        typer.echo(f"    malformed: {clean_line(document.malformed)}")
    for link in document.links[:SHOWN_LINKS]:
        typer.echo(f"    {link.fate:12} {clean_line(link.rule)}  {clean_line(link.url, 120)}")
        if link.title:
            console.print(f"      {clean_line(link.title, 160)}", markup=False)
    if len(document.links) > SHOWN_LINKS:
        typer.echo(f"    … and {len(document.links) - SHOWN_LINKS} more (--json shows all)")


def _print_article(article: CheckedArticle) -> None:
    typer.echo(f"\n  article {clean_line(article.url)}")
    result = article.result
    if result is None:
        typer.echo(f"    not read: {clean_line(article.error or '')}")
        return
    if isinstance(result, Rejected):
        typer.echo(f"    rejected as {result.reason.value}: {clean_line(result.detail)}")
        _print_overrides(article.overrides)
        return
    facts: list[tuple[str, Any]] = [
        ("title", result.title),
        ("summary", result.summary),
        ("authors", ", ".join(result.authors)),
        ("agencies", ", ".join(credit.agency for credit in result.credits)),
        ("place", result.place),
        (
            "published",
            f"{result.published.at.isoformat()} ({result.published.provenance})" if result.published else None,
        ),
        ("language", result.language),
        ("charset", f"{result.charset} ({result.charset_source})"),
    ]
    for key, value in facts:
        if value:
            console.print(f"    {key:10} {clean_line(str(value))}", markup=False)
    print_text(result.text)
    for removal in result.removals:
        rule = f"{removal.rule} v{removal.rule_version} of {find_rule(removal.rule).file}, {removal.zone}"
        console.print(f"    removed by {rule}: {clean_line(removal.text, 120)}", markup=False)
    _print_overrides(article.overrides)


def _print_overrides(overrides: tuple[Override, ...]) -> None:
    for override in overrides:
        found = _count(override.matched, override.unit)
        console.print(f"    override {override.key} = {clean_line(repr(override.value))}: {found}", markup=False)
        if not override.matched:
            console.print(Text("      MATCHED NOTHING on this page", style="bold yellow"))
        elif not (override.changed or override.gained or override.lost):
            typer.echo("      changes nothing on this page")
        for change in override.changed:
            _print_line(f"      {change.what:10} without  {change.before or '-'}")
            _print_line(f"      {'':10} with     {change.after or '-'}")
        for sign, lines in (("-", override.lost), ("+", override.gained)):
            for line in lines:
                _print_line(f"      {sign} {line}")


def _print_line(text: str) -> None:
    line = clean(text.replace("\n", " / "))
    console.print(Text(line if len(line) <= SHOWN_CHARS else line[: SHOWN_CHARS - 1] + "…"))


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"
