"""Answers of the archive as a person reads them on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import typer

from archive.answers import (
    Attempt,
    DocumentState,
    Hit,
    Owner,
    Shown,
    ShownRemoval,
    Status,
    Story,
    Why,
)
from commands.display import clean_line, console, print_heading, print_text, show_span, show_time
from commands.tables import print_table

SHOWN_ATTEMPTS = 12
SHOWN_LINKS = 5


def _line(text: str) -> None:
    console.print(clean_line(text), markup=False)


def _facts(facts: Iterable[tuple[str, object]], indent: str = "") -> None:
    for key, value in facts:
        if value not in (None, "", [], ()):
            console.print(f"{indent}{key:14} {clean_line(str(value))}", markup=False)


# ------------------------------------------------------------------------------------------ search, show


def print_hits(hits: list[Hit], zone: ZoneInfo) -> None:
    """Hits, best first: facts on one line, Arabic on lines of its own."""
    for hit in hits:
        facts = [show_time(hit.dated_at, zone)[:16], hit.source, hit.language or "-", ",".join(hit.agencies) or "-"]
        if hit.edits:
            facts.append(f"{hit.edits} edits")
        if hit.gone_at:
            facts.append("gone")
        _line("  ".join(facts))
        console.print(clean_line(hit.title or "(no title)"), style="bold", markup=False)
        _line(hit.headline)
        _line(hit.url)
        typer.echo()


def print_story(shown: Shown, zone: ZoneInfo, *, removed: bool) -> None:
    """A story with its text; with `removed`, what cleaning took out and why stands below."""
    story = shown.story
    if story is None:
        _line(f"{shown.url}: no article, but {len(shown.captures)} captures; --raw prints the newest one's bytes")
        return
    console.print(clean_line(story.title or "(no title)"), style="bold", markup=False)
    _print_story_facts(story, shown, zone)
    typer.echo()
    if story.summary:
        print_text(story.summary)
        typer.echo()
    print_text(story.text)
    if removed:
        _print_removals(shown.removals)


def _print_story_facts(story: Story, shown: Shown, zone: ZoneInfo) -> None:
    evidence = [f"{c.agency} ({c.position}, {c.confidence:.2f}): {c.matched}" for c in shown.credits]
    published = f"{show_time(story.published_at, zone)} from {story.published_raw!r}" if story.published_at else None
    gone = f"{show_time(story.gone_at, zone)} (HTTP {story.gone_status})" if story.gone_at else None
    _facts(
        (
            ("source", story.source),
            ("url", story.url),
            ("published", published),
            ("modified", show_time(story.modified_at, zone) if story.modified_at else None),
            ("first seen", show_time(story.first_seen_at, zone)),
            ("last seen", show_time(story.last_seen_at, zone)),
            ("edits", story.edits or None),
            ("gone", gone),
            ("language", story.language),
            ("flags", ", ".join(story.flags)),
            ("also at", "  ".join(shown.aliases)),
            ("authors", ", ".join(story.authors)),
            ("place", story.place),
            *(("credit", words) for words in evidence),
        )
    )


def _print_removals(removals: list[ShownRemoval]) -> None:
    typer.echo()
    print_heading(f"{len(removals)} spans removed")
    for removal in removals:
        file = f" of {removal.rule_file}" if removal.rule_file else ""
        typer.echo(f"- rule {removal.rule} v{removal.rule_version}{file}, {removal.zone}, at {removal.start_at}:")
        if removal.rule_says:
            print_text(f"  takes {removal.rule_says}")
        print_text(removal.span.strip("\n"))


# ------------------------------------------------------------------------------------------ why


def print_why(why: Why, zone: ZoneInfo) -> None:
    """How a URL fared, in the order in which it happened."""
    _line(why.url)
    state = why.state
    if state is None:
        typer.echo("was never announced.")
        _print_owners(why.owners, why.host, zone)
        return
    outcome = state.outcome or "no outcome yet"
    in_hand = f"crawl {state.leased_by} until {show_time(state.leased_until, zone)}" if state.leased_until else None
    _facts(
        (
            ("source", state.source),
            ("announced", show_time(state.announced_at, zone)),
            ("outcome", f"{outcome}: {state.reason}" if state.reason else outcome),
            ("when", show_time(state.outcome_at, zone) if state.outcome_at else None),
            ("article", state.article_url),
            ("next attempt", f"{show_time(state.due_at, zone)} ({state.due_why})" if state.due_at else "none is owed"),
            ("held up", state.held_by),
            ("in hand", in_hand),
            ("last error", state.last_error),
        )
    )
    if why.sightings:
        print_heading("Announced in")
    for seen in why.sightings:
        typer.echo(
            f"  {show_time(seen.first_seen_at, zone)}  {seen.document_kind} {clean_line(seen.document)}"
            f"  rule {clean_line(seen.rule)}"
        )
        typer.echo(f"    as {clean_line(seen.announced_url)}")
        if seen.title:
            console.print(f"    {clean_line(seen.title)}", markup=False)
    _print_attempts(why.attempts, zone)
    _print_waits(why, zone)


def _print_attempts(attempts: list[Attempt], zone: ZoneInfo) -> None:
    if attempts:
        print_heading("Fetched")
    for attempt in attempts[-SHOWN_ATTEMPTS:]:
        status = f"HTTP {attempt.status}" if attempt.status else "-"
        line = f"  {show_time(attempt.at, zone)}  {status:8}  {attempt.result}"
        if attempt.detail:
            line += f": {clean_line(attempt.detail)}"
        if attempt.warc_path:
            line += f"  [{attempt.warc_path}:{attempt.warc_offset}]"
        typer.echo(line)


def _print_waits(why: Why, zone: ZoneInfo) -> None:
    host, robots = why.host_state, why.robots
    for request in why.requests:
        waits = f", waits for {request.waits_for}" if request.waits_for else ""
        _line(f"request {request.request_id}: {request.state}{waits}")
    if host is not None and host.paused_until is not None:
        _line(f"host {host.host} is paused until {show_time(host.paused_until, zone)}: {host.paused_why or ''}")
    if robots is not None and robots.state == "unreachable":
        typer.echo(f"robots.txt could not be read: {clean_line(robots.reason or '')}")


def _print_owners(owners: list[Owner], host: str, zone: ZoneInfo) -> None:
    if not owners:
        typer.echo(f'No source covers {host}; a source that should needs the line:  hosts = ["{host}"]')
        return
    for owner in owners:
        typer.echo(f"{owner.name} ({owner.state}) would own it; last crawled {show_time(owner.crawled_at, zone)}")
        if owner.last_error:
            typer.echo(f"  last error: {clean_line(owner.last_error)}")
        for document in owner.documents:
            _print_document(document, zone)


def _print_document(document: DocumentState, zone: ZoneInfo) -> None:
    said = document.error or document.outcome or "not read yet"
    typer.echo(
        f"  {document.kind} {clean_line(document.url)}: {clean_line(said)}, last changed "
        f"{show_time(document.changed_at, zone)}, {document.links or 0} links"
        + (f", {document.over_cap} beyond the cap" if document.over_cap else "")
    )
    for link in document.held[:SHOWN_LINKS]:
        typer.echo(f"    {clean_line(link.url, 120)}  {link.rule}")


# ------------------------------------------------------------------------------------------ status


def print_status(status: Status, zone: ZoneInfo) -> None:
    """What the service is doing now; fits 80 columns with names of up to 24 characters."""
    _print_processes(status)
    if status.source_file is not None and status.source_file.error:
        print_heading("sources.toml is refused; the last good set stays in force")
        print_text(status.source_file.error)
    typer.echo()
    if status.sources:
        _print_sources(status)
    else:
        typer.echo("no sources yet: wirekeep init, then wirekeep up")
    typer.echo()
    for host in status.paused_hosts:
        until = show_time(host.until, zone)
        _line(f"host {host.host} is paused until {until}: {host.why or ''} ({host.owed} URLs wait)")
    for crawl in status.crawls:
        typer.echo(f"crawling {crawl.source} ({crawl.kind}) for {show_span(status.at - crawl.started_at)}")
    _print_totals(status)


def _print_totals(status: Status) -> None:
    queue, totals = status.queue, status.totals
    typer.echo(
        f"queue    {queue.todo} waiting, {queue.doing} in hand"
        + (f", {queue.stalled} stalled" if queue.stalled else "")
        + (f", {queue.failed} failed since yesterday" if queue.failed else "")
    )
    typer.echo(
        f"archive  {totals.articles} stories ({totals.articles_today} today), {totals.revisions} revisions, "
        f"{totals.captures} captures, {totals.database_bytes >> 20} MiB"
    )
    typer.echo(f"owed     {totals.pending} URLs without an outcome yet, {totals.open_requests} open requests")


def _print_processes(status: Status) -> None:
    if not any(process.alive for process in status.processes):
        typer.echo("nothing is running: start it with  wirekeep up")
    for process in status.processes:
        state = "runs" if process.alive else "is SILENT"
        line = f"{process.role:9} {process.host}:{process.pid} {state}, last beat {_ago(process.seen_at, status.at)}"
        if process.state.get("disk_low"):
            line += f", disk low: {process.state['disk_low']}"
        _line(line)


def _print_sources(status: Status) -> None:
    """A line a source that is not disabled; what went wrong stands below, on a line of its own."""
    rows = []
    shown = [source for source in status.sources if source.state != "disabled"]
    for source in shown:
        owed = str(source.owed) + (f" ({source.held} held)" if source.held else "")
        crawled = _ago(source.crawled_at, status.at)
        rows.append((source.name, source.state, crawled, source.schedule or "-", str(source.articles), owed))
    if shown:
        print_table(("source", "state", "crawled", "schedule", "stories", "owed"), rows)
    if disabled := len(status.sources) - len(shown):
        typer.echo(f"{disabled} disabled: wirekeep sources list")
    for source in shown:
        if said := source.last_error or source.paused_why:
            _line(f"{source.name}: {said}")


def _ago(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else f"{show_span(now - moment)} ago"
