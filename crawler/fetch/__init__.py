"""Fetching: the only code that opens a web connection.

`crawl` runs one crawl through Scrapy in the process's `loop`; `tasks` and `ports` are what it is asked and given.
On the way of a request: `spider`, `robots_gate`, `decoding`, `wire` (pace, recording), `handler`, `recording` and the
address `guard`. `robots`, `retry_after`, `failures` and `outcomes` only decide.
"""
