"""Serves a folder of saved pages and a feed of them: ``python -m benchmarks.server FOLDER PORT-FILE``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aiohttp import web


async def _serve(folder: Path, port_file: Path) -> None:
    names = sorted(path.stem for path in folder.glob("*.html"))

    async def feed(request: web.Request) -> web.Response:
        items = "".join(
            f"<item><link>http://{request.host}/p/{name}</link><guid>{name}</guid><title>Story {name}</title></item>"
            for name in names
        )
        return web.Response(
            text=f'<rss version="2.0"><channel>{items}</channel></rss>', content_type="application/rss+xml"
        )

    async def page(request: web.Request) -> web.Response:
        body = (folder / f"{request.match_info['name']}.html").read_bytes()
        # No charset in the header: saved pages say (or do not say) it themselves.
        return web.Response(body=body, headers={"Content-Type": "text/html"})

    app = web.Application()
    app.router.add_get("/feed", feed)
    app.router.add_get("/p/{name}", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port_file.with_suffix(".part").write_text(str(runner.addresses[0][1]))
    port_file.with_suffix(".part").rename(port_file)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), Path(sys.argv[2])))
