-- name: begin_crawl
-- A crawl taken up; no row where its source is unknown, retired, paused, or disabled for a crawl of this kind.
INSERT INTO store.crawl (source_id, kind, slot, job_id, process_id, setting_id)
SELECT s.source_id, %(kind)s, %(slot)s, %(job_id)s, %(process_id)s, s.setting_id
FROM store.source s
WHERE s.name = %(name)s AND s.retired_at IS NULL AND s.paused_at IS NULL
  AND (s.enabled OR %(kind)s IN ('manual', 'request'))
RETURNING crawl_id, source_id, setting_id;

-- name: find_crawl_settings
-- The settings a crawl runs under, whether none of its source has finished before, and whether the last one that did
-- ran under others.
SELECT t.settings,
       coalesce((SELECT k.setting_id <> t.setting_id FROM store.crawl k
                 WHERE k.source_id = %(source_id)s AND k.state = 'finished' AND k.kind IN ('scheduled', 'manual')
                 ORDER BY k.crawl_id DESC LIMIT 1), false) AS is_changed,
       NOT EXISTS (SELECT FROM store.crawl k
                   WHERE k.source_id = %(source_id)s AND k.state = 'finished' AND k.kind IN ('scheduled', 'manual')
                  ) AS is_first
FROM store.source_setting t
WHERE t.setting_id = %(setting_id)s;

-- name: end_crawl
-- A crawl that is over, however it ended; one that was abandoned meanwhile stays so.
UPDATE store.crawl
SET state = %(state)s, reason = %(reason)s, counts = %(counts)s, finished_at = now()
WHERE crawl_id = %(crawl_id)s AND state = 'running'
RETURNING source_id, kind;

-- name: list_crawls_of_jobs
-- The last crawl that each of these jobs became; none for a job whose source might not be crawled.
SELECT DISTINCT ON (k.job_id) s.name AS source, k.job_id, k.state, k.reason, k.counts
FROM store.crawl k
JOIN store.source s ON s.source_id = k.source_id
WHERE k.source_id = ANY (%(source_ids)s::integer[]) AND k.job_id = ANY (%(job_ids)s::bigint[])
ORDER BY k.job_id, k.crawl_id DESC;

-- name: note_crawl_at_source
-- What the end of a crawl says of its source.
UPDATE store.source
SET crawled_at = now(),
    failures = CASE WHEN %(state)s = 'failed' THEN failures + 1 WHEN %(reads)s AND %(state)s = 'finished' THEN 0 ELSE failures END,
    last_error = CASE WHEN %(state)s = 'failed' THEN %(reason)s WHEN %(reads)s AND %(state)s = 'finished' THEN NULL ELSE last_error END
WHERE source_id = %(source_id)s;

-- name: abandon_crawls
-- End the crawls whose process is dead, has stopped, or never was.
UPDATE store.crawl k
SET state = 'abandoned', finished_at = now(), reason = 'its worker died'
WHERE k.state = 'running'
  AND NOT EXISTS (
      SELECT FROM store.process p
      WHERE p.process_id = k.process_id AND p.stopped_at IS NULL AND p.seen_at >= now() - %(dead_after)s::interval)
RETURNING k.crawl_id;

-- name: list_documents
-- The discovery documents of a source that are read first, in the order of sources.toml, with their validators.
SELECT d.document_id, d.source_id, d.url, d.kind, d.configured, d.parent_id, d.etag, d.last_modified, d.body_digest,
       d.changed_at, EXISTS (SELECT FROM store.announcement a WHERE a.document_id = d.document_id) AS has_announced,
       c.capture_id, c.capture_url, c.capture_fetched_at, c.capture_status, c.capture_mime,
       d.etag AS capture_etag, d.last_modified AS capture_last_modified, c.capture_payload_digest,
       c.capture_body_digest, c.capture_record_type, c.capture_truncated, c.capture_file_id, c.capture_path,
       c.capture_offset, c.capture_length, c.capture_record_id
FROM store.document d
LEFT JOIN store.kept_capture c ON c.capture_id = d.capture_id
WHERE d.source_id = %(source_id)s AND d.configured
ORDER BY d.document_id;
