"""What is wrong with a running service, in words: for `wirekeep status --check` and health checks of containers."""

from __future__ import annotations

import socket

from archive.answers import ProcessStatus, Status
from archive.errors import ConfigError

CHECKS = ("all", "database", "scheduler", "worker")


def find_trouble(status: Status, check: str, *, host: str | None = None) -> list[str]:
    """A line for each thing that is wrong; empty when healthy.

    ``database``: it answered, so nothing. ``scheduler`` and ``worker``: such a process of this machine (`host`) beats.
    ``all``: a scheduler and a worker beat anywhere, none fell silent unless a later one took its place, no job hangs
    on a dead worker, no disk is low, no source fails, sources.toml is in force.

    Raises:
        ConfigError: there is no such check.
    """
    if check not in CHECKS:
        raise ConfigError(f"status --check {check!r} is none of {', '.join(CHECKS)}")
    if check == "database":
        return []
    if check in {"scheduler", "worker"}:
        here = host or socket.gethostname()
        beats = any(one.alive and one.role == check and one.host == here for one in status.processes)
        return [] if beats else [f"no {check} of this machine ({here}) beats"]
    trouble = [
        f"no {role} beats"
        for role in ("scheduler", "worker")
        if not any(p.alive and p.role == role for p in status.processes)
    ]
    trouble += [
        f"{p.role} {p.host}:{p.pid} is silent since {p.seen_at.isoformat()}"
        for p in status.processes
        if not p.alive and not _is_replaced(p, status)
    ]
    trouble += [
        f"{p.role} {p.host}:{p.pid}: disk is low: {p.state['disk_low']}"
        for p in status.processes
        if p.alive and p.state.get("disk_low")
    ]
    if status.queue.stalled:
        trouble.append(f"{status.queue.stalled} jobs hang on dead workers")
    trouble += [f"source {s.name} fails: {s.last_error}" for s in status.sources if s.state == "failing"]
    if status.source_file is not None and status.source_file.error:
        trouble.append(f"sources.toml is refused: {status.source_file.error}")
    return trouble


def _is_replaced(dead: ProcessStatus, status: Status) -> bool:
    """Whether a process of the same role has begun since and beats: a restart mended it, there is nothing to do."""
    return any(one.alive and one.role == dead.role and one.started_at > dead.seen_at for one in status.processes)
