-- name: lock_frontier
-- Let one batch of links at a time into the frontier: two that share links in another order would lock each other out.
SELECT pg_advisory_xact_lock(hashtextextended('wirekeep frontier', 0));

-- name: lock_document
-- The document, held until the end of the transaction, and whether it ever named others.
SELECT d.source_id, EXISTS (SELECT FROM store.document c WHERE c.parent_id = d.document_id) AS is_index
FROM store.document d
WHERE d.document_id = %(document_id)s
FOR NO KEY UPDATE;

-- name: insert_links
-- Links of a document into the frontier: new ones, and those that only another source's patterns had refused. What a
-- source that is disabled or no longer in sources.toml was owed goes to the one that announces it now: it may be the
-- same, renamed.
INSERT INTO store.frontier AS f (
    url, url_hash, host, source_id, announced_at, dated_at, due_at, due_why, outcome, reason, outcome_at)
SELECT l.url, l.url_hash, l.host, %(source_id)s, %(checked_at)s, l.dated_at,
       CASE WHEN l.outcome IS NULL THEN %(first_due)s::timestamptz END,
       CASE WHEN l.outcome IS NULL THEN 'new' END,
       l.outcome, l.reason,
       CASE WHEN l.outcome IS NOT NULL THEN %(checked_at)s::timestamptz END
FROM ROWS FROM (jsonb_to_recordset(%(links)s) AS (
    url text, url_hash bytea, host text, dated_at timestamptz, outcome text, reason text)
) WITH ORDINALITY AS l (url, url_hash, host, dated_at, outcome, reason, place)
ORDER BY l.place
ON CONFLICT (url_hash) DO UPDATE
SET source_id = excluded.source_id,
    due_at = CASE WHEN f.due_at IS NULL THEN excluded.due_at ELSE f.due_at END,
    due_why = CASE WHEN f.due_at IS NULL THEN excluded.due_why ELSE f.due_why END,
    outcome = CASE WHEN f.due_at IS NULL THEN excluded.outcome ELSE f.outcome END,
    reason = CASE WHEN f.due_at IS NULL THEN excluded.reason ELSE f.reason END,
    outcome_at = CASE WHEN f.due_at IS NULL THEN excluded.outcome_at ELSE f.outcome_at END
WHERE excluded.outcome IS DISTINCT FROM 'not_allowed'
  AND CASE WHEN f.due_at IS NULL THEN f.outcome = 'not_allowed' AND f.article_id IS NULL
           ELSE f.source_id <> excluded.source_id
                AND EXISTS (SELECT FROM store.source s WHERE s.source_id = f.source_id
                              AND (s.retired_at IS NOT NULL OR NOT s.enabled))
      END
RETURNING f.frontier_id, f.due_at IS NOT NULL AS is_owed, f.xmax = 0 AS is_new;

-- name: insert_announcements
-- What a document says of its links; said before, only the moment of the last sight moves, by the hour.
INSERT INTO store.announcement AS n (
    document_id, frontier_id, url, digest, guid, title, summary, content, authors, tags, language, published_at,
    published, modified_at, modified, rule, crawl_id, first_seen_at, last_seen_at)
SELECT %(document_id)s, f.frontier_id, l.announced_url, l.digest, l.guid, l.title, l.summary, l.content,
       coalesce(l.authors, '{}'), coalesce(l.tags, '{}'), l.language, l.published_at, l.published, l.modified_at,
       l.modified, l.rule, %(crawl_id)s, %(checked_at)s, %(checked_at)s
FROM jsonb_to_recordset(%(links)s) AS l (
    url_hash bytea, announced_url text, digest bytea, guid text, title text, summary text, content text,
    authors text[], tags text[], language text, published_at timestamptz, published jsonb, modified_at timestamptz,
    modified jsonb, rule text)
JOIN store.frontier f ON f.url_hash = l.url_hash
ON CONFLICT (document_id, frontier_id, digest) DO UPDATE
SET last_seen_at = excluded.last_seen_at
WHERE n.last_seen_at < excluded.last_seen_at - interval '1 hour'
RETURNING n.announcement_id, n.xmax = 0 AS is_new;

-- name: prefer_announcements
-- A URL keeps the announcement with the richest metadata, and a date once one was claimed.
UPDATE store.frontier f
SET announcement_id = CASE WHEN o.announcement_id IS NULL OR n.weight > o.weight THEN n.announcement_id
                           ELSE f.announcement_id END,
    dated_at = coalesce(f.dated_at, n.published_at, n.modified_at)
FROM (
    SELECT DISTINCT ON (a.frontier_id) a.frontier_id, a.announcement_id, a.published_at, a.modified_at, w.weight
    FROM store.announcement a, store.weigh(a) AS w (weight)
    WHERE a.announcement_id = ANY (%(announcement_ids)s::bigint[])
    ORDER BY a.frontier_id, w.weight DESC, a.announcement_id
) n
LEFT JOIN LATERAL (
    SELECT a.announcement_id, store.weigh(a) AS weight
    FROM store.frontier g JOIN store.announcement a ON a.announcement_id = g.announcement_id
    WHERE g.frontier_id = n.frontier_id
) o ON true
WHERE f.frontier_id = n.frontier_id;

-- name: trim_announcements
-- Of a link that its document words anew at each reading (a counter, "5 minutes ago") the first and the newest wordings
-- stay, and the one in use: else a section read every 5 minutes writes 288 rows a day for each of its links.
DELETE FROM store.announcement n
USING (
    SELECT o.announcement_id,
           row_number() OVER (PARTITION BY o.frontier_id ORDER BY o.announcement_id) AS from_first,
           row_number() OVER (PARTITION BY o.frontier_id ORDER BY o.announcement_id DESC) AS from_last
    FROM store.announcement o
    WHERE o.document_id = %(document_id)s AND o.frontier_id IN (
        SELECT a.frontier_id FROM store.announcement a WHERE a.announcement_id = ANY (%(announcement_ids)s::bigint[]))
) r
WHERE n.announcement_id = r.announcement_id AND r.from_first > %(kept)s AND r.from_last > %(kept)s
  AND NOT EXISTS (
      SELECT FROM store.frontier f
      WHERE f.frontier_id = n.frontier_id AND f.announcement_id = n.announcement_id);

-- name: note_document_read
-- A document's new body: its validators come into force with its announcements, never before.
UPDATE store.document
SET etag = %(etag)s, last_modified = %(last_modified)s, body_digest = %(body_digest)s,
    capture_id = coalesce((SELECT coalesce(c.refers_to, c.capture_id) FROM store.capture c WHERE c.capture_id = %(capture_id)s),
                          document.capture_id),
    dialect = %(dialect)s, checked_at = %(checked_at)s, changed_at = %(checked_at)s, outcome = 'read', error = NULL,
    failures = 0, links = %(links)s, over_cap = %(over_cap)s, malformed = %(malformed)s
WHERE document_id = %(document_id)s;

-- name: note_document_checked
-- A document that brought nothing new; a whole answer with the same body brings its validators.
UPDATE store.document d
SET checked_at = greatest(d.checked_at, %(checked_at)s),
    outcome = %(outcome)s,
    error = %(error)s,
    failures = CASE %(outcome)s::text WHEN 'unchanged' THEN 0 WHEN 'paused' THEN d.failures ELSE d.failures + 1 END,
    etag = CASE WHEN c.capture_id IS NULL THEN d.etag ELSE c.etag END,
    last_modified = CASE WHEN c.capture_id IS NULL THEN d.last_modified ELSE c.last_modified END
FROM (SELECT 1) AS one
LEFT JOIN store.capture c ON c.capture_id = %(capture_id)s AND c.status = 200 AND %(outcome)s::text = 'unchanged'
WHERE d.document_id = %(document_id)s;

-- name: name_children
-- The documents that a new body of an index names, in its order; those it names no longer stay known but are not read.
-- One that several indexes name belongs to the one that named it last: another may be dead.
WITH named AS (
    SELECT n.url, n.kind, n.place, store.hash_url(n.url) AS url_hash
    FROM unnest(%(urls)s::text[], %(kinds)s::text[]) WITH ORDINALITY AS n (url, kind, place)
), gone AS (
    UPDATE store.document d
    SET place = NULL
    WHERE d.parent_id = %(parent_id)s AND d.place IS NOT NULL AND d.url_hash NOT IN (SELECT url_hash FROM named)
)
INSERT INTO store.document (source_id, url, url_hash, kind, parent_id, place, configured)
SELECT %(source_id)s, url, url_hash, kind, %(parent_id)s, place, false
FROM named
ORDER BY place
ON CONFLICT (source_id, url_hash) DO UPDATE
SET parent_id = excluded.parent_id, place = excluded.place
WHERE document.document_id <> excluded.parent_id
  AND (document.parent_id, document.place) IS DISTINCT FROM (excluded.parent_id, excluded.place);

-- name: list_children
-- The documents that the last body of an index names, in its order, without those that this crawl has read or reads
-- anyway.
SELECT d.document_id, d.source_id, d.url, d.kind, d.configured, d.parent_id, d.etag, d.last_modified, d.body_digest,
       d.changed_at, EXISTS (SELECT FROM store.announcement a WHERE a.document_id = d.document_id) AS has_announced,
       c.capture_id, c.capture_url, c.capture_fetched_at, c.capture_status, c.capture_mime,
       d.etag AS capture_etag, d.last_modified AS capture_last_modified, c.capture_payload_digest,
       c.capture_body_digest, c.capture_record_type, c.capture_truncated, c.capture_file_id, c.capture_path,
       c.capture_offset, c.capture_length, c.capture_record_id
FROM store.document d
JOIN store.crawl k ON k.crawl_id = %(crawl_id)s
LEFT JOIN store.kept_capture c ON c.capture_id = d.capture_id
WHERE d.parent_id = %(document_id)s AND d.place IS NOT NULL AND NOT d.configured
  AND (d.checked_at IS NULL OR d.checked_at < k.started_at)
ORDER BY d.place;

-- name: find_known_urls
-- Which of these URLs the frontier knows; those that were only refused by some pattern may be taken up anew.
SELECT f.url_hash
FROM store.frontier f
WHERE f.url_hash = ANY (%(url_hashes)s::bytea[])
  AND (f.outcome IS DISTINCT FROM 'not_allowed' OR f.article_id IS NOT NULL OR f.due_at IS NOT NULL);
