-- What was applied to this database. Alembic made store.schema_version before this file ran.

COMMENT ON TABLE store.schema_version IS 'Version of this schema; one row.';
COMMENT ON COLUMN store.schema_version.version_num IS 'The newest migration applied, such as 0001.';

CREATE TABLE store.queue_migration (
    name        text PRIMARY KEY,
    applied_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE store.queue_migration IS 'Procrastinate''s own migration files that were applied to schema queue.';
COMMENT ON COLUMN store.queue_migration.name IS 'File name.';
COMMENT ON COLUMN store.queue_migration.applied_at IS 'When.';
