-- name: open_warc
-- A WARC file begun; told twice, it is noted once.
INSERT INTO store.warc_file (warc_file_id, path, writer)
VALUES (%(file_id)s, %(path)s, %(writer)s)
ON CONFLICT DO NOTHING;

-- name: seal_warc
-- A WARC file that nothing is appended to any more.
UPDATE store.warc_file
SET sealed_at = coalesce(sealed_at, now()), size = %(size)s, orphans = %(orphans)s
WHERE path = %(path)s;

-- name: find_committed_end
-- End of the last record of a WARC file that a capture stands for.
SELECT c.warc_offset + c.warc_length AS committed_end
FROM store.capture c
JOIN store.warc_file w ON w.warc_file_id = c.warc_file_id
WHERE w.path = %(path)s
ORDER BY c.warc_offset DESC
LIMIT 1;

-- name: list_unsealed_warcs
-- WARC files whose sealing is not noted: still written to, or closed while the database was away.
SELECT w.path
FROM store.warc_file w
WHERE w.sealed_at IS NULL
ORDER BY w.opened_at;
