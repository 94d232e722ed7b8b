-- name: ask_url
-- Ask for a URL to be fetched again.
SELECT archive.recrawl(%(url)s, %(force)s) AS request_id;

-- name: ask_source
-- Ask for a source's articles to be fetched again.
SELECT archive.recrawl_source(%(name)s, %(since)s, %(force)s) AS request_id;

-- name: start_request
-- A worker takes a request up.
UPDATE store.request q
SET started_at = coalesce(q.started_at, now())
WHERE q.request_id = %(request_id)s
RETURNING q.request_id, q.kind, q.asked, q.key, q.source_id, q.since, q.force, q.finished_at, q.outcome, q.reason,
          q.frontier_id, q.revision_id;

-- name: find_request
-- A request as it stands.
SELECT q.request_id, q.kind, q.asked, q.key, q.source_id, q.since, q.force, q.finished_at, q.outcome, q.reason,
       q.frontier_id, q.revision_id
FROM store.request q
WHERE q.request_id = %(request_id)s;

-- name: find_request_source
-- The source of a request and whether it may be crawled.
SELECT s.name, s.retired_at IS NOT NULL AS is_retired FROM store.source s WHERE s.source_id = %(source_id)s;

-- name: owe_url
-- The frontier row of a URL that is asked for, owed now; a crawl that has it in hand loses its lease, so that the
-- fetch begins after the request.
INSERT INTO store.frontier AS f (url, url_hash, host, source_id, due_at, due_why, request_id)
VALUES (%(url)s, store.hash_url(%(url)s), store.host_of(%(url)s), %(source_id)s, now(), 'request', %(request_id)s)
ON CONFLICT (url_hash) DO UPDATE
SET due_at = CASE WHEN f.request_id = excluded.request_id THEN least(f.due_at, now()) ELSE now() END,
    due_why = 'request', request_id = excluded.request_id, leased_until = NULL, leased_by = NULL
RETURNING f.frontier_id;

-- name: set_request_url
-- The URL that a request waits for.
UPDATE store.request SET frontier_id = %(frontier_id)s WHERE request_id = %(request_id)s;

-- name: owe_articles
-- The frontier rows of a source's articles, owed now to a request; one that another request wants stays with that.
UPDATE store.frontier f
SET due_at = now(), due_why = 'request', request_id = %(request_id)s, leased_until = NULL, leased_by = NULL
FROM store.article a
WHERE a.source_id = %(source_id)s AND (%(since)s::timestamptz IS NULL OR a.first_seen_at >= %(since)s)
  AND f.url_hash = a.fetch_url_hash AND f.request_id IS NULL;

-- name: settle_request
-- A request that ends without a fetch.
UPDATE store.request
SET finished_at = now(), outcome = %(outcome)s, reason = %(reason)s
WHERE request_id = %(request_id)s AND finished_at IS NULL;

-- name: end_orphaned_requests
-- Open requests that nobody will serve any more: their source has been retired, or disabled where all of it was asked
-- for (one URL of a disabled source is still fetched). One whose fetch is under way ends by that.
WITH ended AS (
    UPDATE store.request q
    SET finished_at = now(), outcome = 'failed',
        reason = 'source ' || s.name
                 || CASE WHEN s.retired_at IS NULL THEN ' is disabled in' ELSE ' is no longer in' END || ' sources.toml'
    FROM store.source s
    WHERE s.source_id = q.source_id AND q.finished_at IS NULL
      AND (s.retired_at IS NOT NULL OR (q.kind = 'source' AND NOT s.enabled))
      AND NOT EXISTS (SELECT FROM store.frontier f WHERE f.frontier_id = q.frontier_id AND f.leased_until > now())
    RETURNING q.request_id
), withdrawn AS (
    UPDATE store.frontier f
    SET request_id = NULL
    FROM ended
    WHERE f.request_id = ended.request_id
)
SELECT e.request_id FROM ended e ORDER BY e.request_id;

-- name: withdraw_request
-- Its URLs are no longer owed to a request that has ended.
UPDATE store.frontier SET request_id = NULL WHERE request_id = %(request_id)s;
