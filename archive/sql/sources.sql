-- name: lock_sources
-- Let one load of sources.toml at a time through; the lock ends with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('wirekeep sources', 0));

-- name: list_sources
-- Every source with its settings in force, by name.
SELECT s.source_id, s.name, s.enabled, s.paused_at, s.paused_why, s.retired_at, s.setting_id, t.settings, t.digest,
       s.last_slot, s.failures, s.last_error, s.crawled_at
FROM store.source s
JOIN store.source_setting t ON t.setting_id = s.setting_id
ORDER BY s.name;

-- name: find_source
-- One source by its name.
SELECT s.source_id, s.name, s.enabled, s.paused_at, s.paused_why, s.retired_at, s.setting_id, t.settings, t.digest,
       s.last_slot, s.failures, s.last_error, s.crawled_at
FROM store.source s
JOIN store.source_setting t ON t.setting_id = s.setting_id
WHERE s.name = %(name)s;

-- name: list_schedulable_sources
-- The sources that may come due: enabled, not paused, not retired.
SELECT s.source_id, s.name, s.enabled, s.paused_at, s.paused_why, s.retired_at, s.setting_id, t.settings, t.digest,
       s.last_slot, s.failures, s.last_error, s.crawled_at
FROM store.source s
JOIN store.source_setting t ON t.setting_id = s.setting_id
WHERE s.enabled AND s.paused_at IS NULL AND s.retired_at IS NULL
ORDER BY s.name;

-- name: insert_source
-- A source that never stood in sources.toml before.
INSERT INTO store.source (name, enabled)
VALUES (%(name)s, %(enabled)s)
RETURNING source_id;

-- name: update_source
-- What sources.toml says now of a source that is known; one that had gone from it is back.
UPDATE store.source
SET enabled = %(enabled)s, retired_at = NULL
WHERE source_id = %(source_id)s;

-- name: insert_source_setting
-- A version of a source's settings, in force from now on.
WITH setting AS (
    INSERT INTO store.source_setting (source_id, digest, settings)
    VALUES (%(source_id)s, %(digest)s, %(settings)s)
    RETURNING setting_id, source_id
)
UPDATE store.source s
SET setting_id = setting.setting_id
FROM setting
WHERE s.source_id = setting.source_id;

-- name: set_source_hosts
-- The host names that a source covers now: those gone are deleted, new ones added.
WITH gone AS (
    DELETE FROM store.source_host
    WHERE source_id = %(source_id)s AND host <> ALL (%(hosts)s::text[])
)
INSERT INTO store.source_host (host, source_id)
SELECT host, %(source_id)s FROM unnest(%(hosts)s::text[]) AS host
ON CONFLICT DO NOTHING;

-- name: set_source_documents
-- The documents that sources.toml names for a source: those it names no longer stay known but are not read.
WITH named AS (
    SELECT url, kind, store.hash_url(url) AS url_hash
    FROM unnest(%(urls)s::text[], %(kinds)s::text[]) AS named (url, kind)
), gone AS (
    UPDATE store.document d
    SET configured = false
    WHERE d.source_id = %(source_id)s AND d.configured AND d.url_hash NOT IN (SELECT url_hash FROM named)
)
INSERT INTO store.document (source_id, url, url_hash, kind)
SELECT %(source_id)s, url, url_hash, kind FROM named
ON CONFLICT (source_id, url_hash) DO UPDATE
SET configured = true, kind = excluded.kind
WHERE NOT document.configured OR document.kind <> excluded.kind;

-- name: retire_sources
-- Sources gone from sources.toml; their articles stay.
UPDATE store.source
SET retired_at = now()
WHERE retired_at IS NULL AND name <> ALL (%(names)s::text[])
RETURNING name;

-- name: record_source_file
-- The file whose set of sources is in force now.
INSERT INTO store.source_file (path, digest, loaded_at)
VALUES (%(path)s, %(digest)s, now())
ON CONFLICT (singleton) DO UPDATE
SET path = excluded.path, digest = excluded.digest, loaded_at = excluded.loaded_at, error = NULL, error_at = NULL;

-- name: record_source_file_error
-- What is wrong with the file as it is now; the set in force stays.
INSERT INTO store.source_file (path, error, error_at)
VALUES (%(path)s, %(error)s, now())
ON CONFLICT (singleton) DO UPDATE
SET path = excluded.path, error = excluded.error, error_at = excluded.error_at;

-- name: pause_source
-- Pause a source; an earlier pause keeps its moment.
UPDATE store.source
SET paused_at = coalesce(paused_at, now()), paused_why = %(why)s
WHERE name = %(name)s AND retired_at IS NULL;

-- name: resume_source
-- End the pause of a source.
UPDATE store.source
SET paused_at = NULL, paused_why = NULL
WHERE name = %(name)s AND paused_at IS NOT NULL;
