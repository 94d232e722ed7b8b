"""Alembic's environment: called by `archive.migrate` with an open connection; there is no alembic.ini to run it by."""

from __future__ import annotations

from alembic import context

from archive.schema import VERSION_TABLE

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table=VERSION_TABLE, version_table_schema="store")
with context.begin_transaction():
    context.run_migrations()
