"""The newsroom's commands over HTTP, on a host name of their own that no source ever names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from demo.desk import Desk
from demo.faults import FaultDesk
from demo.reply import Asked, Reply, text_reply

Fields = Mapping[str, str]


def control(desk: Desk, faults: FaultDesk, asked: Asked, backfill: timedelta) -> Reply:
    """Answer a command: its fields come in the query or as a form; the answer is JSON.

    POST /edit?url=, /gone?url=, /publish?name=[&story=], /template, /pause?name=[&status=][&retry_after=],
    /resume?name=, /reset-faults; GET /expected. `url` may be any URL of an article or ``publisher/story``.
    """
    fields = dict(parse_qsl(asked.target.partition("?")[2])) | dict(parse_qsl(asked.body.decode("utf-8", "replace")))
    if asked.method == "GET" and asked.path == "/expected":
        return _json(asdict(desk.expected(backfill)))
    command = _COMMANDS.get(asked.path)
    if command is None or asked.method != "POST":
        known = ", ".join(_COMMANDS)
        return text_reply(f"{asked.method} {asked.path}: no such command; expected POST {known}\n", status=404)
    try:
        return _json({"done": command(desk, faults, fields)})
    except KeyError as error:
        return text_reply(f"{asked.path}: {error.args[0]}\n", status=400)


def _pause(desk: Desk, _faults: FaultDesk, fields: Fields) -> None:
    desk.pause(fields["name"], status=int(fields.get("status", "429")), retry_after=fields.get("retry_after", "60"))


_COMMANDS: dict[str, Callable[[Desk, FaultDesk, Fields], str | None]] = {
    "/edit": lambda desk, faults, fields: desk.edit(
        fields["url"], headline=fields.get("headline"), paragraph=fields.get("paragraph")
    ),
    "/gone": lambda desk, faults, fields: desk.remove(fields["url"]),
    "/publish": lambda desk, faults, fields: desk.publish(fields["name"], fields.get("story")),
    "/template": lambda desk, faults, fields: desk.change_template(),
    "/pause": _pause,
    "/resume": lambda desk, faults, fields: desk.resume(fields["name"]),
    "/reset-faults": lambda desk, faults, fields: faults.reset(),
}


def _json(value: object) -> Reply:
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return text_reply(text, content_type="application/json; charset=utf-8")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(
        f"{type(value).__name__} has no JSON form here; expected str, number, datetime or a record of these"
    )
