-- name: lease_urls
-- Take up what a source (or one request) is owed: asked for first, then newest first, then as announced.
WITH due AS MATERIALIZED (
    SELECT f.frontier_id
    FROM store.frontier f
    LEFT JOIN store.host h ON h.host = f.host
    WHERE (f.source_id = %(source_id)s AND %(request_id)s::bigint IS NULL OR f.request_id = %(request_id)s)
      AND f.due_at <= now()
      AND (f.leased_until IS NULL OR f.leased_until <= now())
      AND (h.paused_until IS NULL OR h.paused_until <= now())
    ORDER BY (f.due_why = 'request') DESC, f.dated_at DESC NULLS LAST, f.frontier_id
    LIMIT %(limit)s
    FOR NO KEY UPDATE OF f SKIP LOCKED
), taken AS (
    UPDATE store.frontier f
    SET leased_until = now() + make_interval(secs => %(seconds)s), leased_by = %(crawl_id)s
    FROM due
    WHERE f.frontier_id = due.frontier_id
    RETURNING f.frontier_id, f.url, f.host, f.due_why, f.attempts, f.revisits, f.announced_at, f.request_id,
              f.article_id, f.capture_id, f.announcement_id, f.dated_at
)
SELECT t.frontier_id, t.url, t.host, t.due_why, t.attempts, t.revisits, t.announced_at, t.request_id, t.article_id,
       coalesce(q.force, false) AS force,
       c.capture_id, c.capture_url, c.capture_fetched_at, c.capture_status, c.capture_mime, c.capture_etag,
       c.capture_last_modified, c.capture_payload_digest, c.capture_body_digest, c.capture_record_type,
       c.capture_truncated, c.capture_file_id, c.capture_path, c.capture_offset, c.capture_length, c.capture_record_id,
       n.announcement_id, n.url AS announced_url, n.rule AS announced_rule, n.guid AS announced_guid,
       n.title AS announced_title, n.summary AS announced_summary, n.content AS announced_content,
       n.authors AS announced_authors, n.tags AS announced_tags, n.language AS announced_language,
       n.published_at AS announced_published_at, n.published AS announced_published,
       n.modified_at AS announced_modified_at, n.modified AS announced_modified
FROM taken t
LEFT JOIN store.request q ON q.request_id = t.request_id
LEFT JOIN store.kept_capture c ON c.capture_id = t.capture_id
LEFT JOIN store.announcement n ON n.announcement_id = t.announcement_id
ORDER BY (t.due_why = 'request') DESC, t.dated_at DESC NULLS LAST, t.frontier_id;

-- name: lock_url
-- A URL held until the end of the transaction, and whether this crawl still has it in hand: a request that came
-- meanwhile takes it away, and wants a fetch of its own.
SELECT f.url, f.url_hash, f.source_id, f.outcome, f.article_id, f.capture_id, f.request_id, f.announced_at,
       (f.leased_by IS NOT DISTINCT FROM %(crawl_id)s OR (f.leased_by IS NULL AND f.request_id IS NULL)) AS is_ours
FROM store.frontier f
WHERE f.frontier_id = %(frontier_id)s
FOR NO KEY UPDATE;

-- name: find_verdict
-- What was said of a body when it was last looked at: an answer that it is unchanged confirms that.
SELECT t.result, t.detail
FROM store.attempt t
JOIN store.capture c ON c.capture_id = t.capture_id
WHERE t.frontier_id = %(frontier_id)s AND coalesce(c.refers_to, c.capture_id) = %(capture_id)s
  AND t.result IN ('stored', 'unchanged', 'duplicate', 'rejected', 'not_allowed')
ORDER BY t.attempt_id DESC
LIMIT 1;

-- name: insert_attempt
-- A URL was taken up, and this came of it; told twice, it is noted once.
INSERT INTO store.attempt (frontier_id, crawl_id, at, result, detail, status, capture_id, next_due_at)
SELECT %(frontier_id)s, %(crawl_id)s, %(at)s, %(result)s, %(detail)s, %(status)s, %(capture_id)s, %(next_due_at)s
WHERE NOT EXISTS (
    SELECT FROM store.attempt t
    WHERE t.frontier_id = %(frontier_id)s AND t.crawl_id = %(crawl_id)s AND t.at = %(at)s AND t.result = %(result)s)
RETURNING attempt_id;

-- name: conclude_url
-- A final outcome: the attempt is noted, the lease ends, what is still owed is a revisit; told twice, it is noted once.
WITH attempt AS (
    INSERT INTO store.attempt (frontier_id, crawl_id, at, result, detail, status, capture_id, next_due_at)
    SELECT %(frontier_id)s, %(crawl_id)s, %(at)s, %(outcome)s::text, %(reason)s::text, %(status)s, %(capture_id)s,
           %(next_due_at)s::timestamptz
    WHERE NOT EXISTS (
        SELECT FROM store.attempt t
        WHERE t.frontier_id = %(frontier_id)s AND t.crawl_id = %(crawl_id)s AND t.at = %(at)s
          AND t.result = %(outcome)s::text)
    RETURNING attempt_id
)
UPDATE store.frontier f
SET outcome = %(outcome)s::text, reason = %(reason)s::text, outcome_at = %(at)s,
    due_at = CASE WHEN %(is_ours)s THEN %(next_due_at)s ELSE f.due_at END,
    due_why = CASE WHEN NOT %(is_ours)s THEN f.due_why WHEN %(next_due_at)s::timestamptz IS NOT NULL THEN 'revisit' END,
    leased_until = CASE WHEN %(is_ours)s THEN NULL ELSE f.leased_until END,
    leased_by = CASE WHEN %(is_ours)s THEN NULL ELSE f.leased_by END,
    request_id = CASE WHEN %(is_ours)s THEN NULL ELSE f.request_id END,
    attempts = 0,
    revisits = coalesce(%(revisits)s, f.revisits),
    last_error = CASE WHEN %(outcome)s::text = 'failed' THEN %(reason)s::text END,
    article_id = coalesce(%(article_id)s, f.article_id),
    capture_id = coalesce((SELECT coalesce(c.refers_to, c.capture_id) FROM store.capture c
                           WHERE c.capture_id = %(capture_id)s AND c.body_digest IS NOT NULL), f.capture_id)
FROM attempt
WHERE f.frontier_id = %(frontier_id)s;

-- name: postpone_url
-- No outcome yet: the URL stays owed, the lease ends.
UPDATE store.frontier f
SET due_at = %(due_at)s, due_why = %(due_why)s, attempts = f.attempts + %(counted)s::integer, last_error = %(error)s,
    leased_until = NULL, leased_by = NULL
WHERE f.frontier_id = %(frontier_id)s;

-- name: note_article_gone
-- The publisher has taken the story down; a twin's disappearance says nothing of it.
UPDATE store.article a
SET gone_at = coalesce(a.gone_at, %(at)s), gone_status = coalesce(a.gone_status, %(status)s)
WHERE a.article_id = %(article_id)s AND a.fetch_url_hash = %(url_hash)s;

-- name: note_article_seen
-- The story was found as it is stored: it is not gone.
UPDATE store.article a
SET last_seen_at = greatest(a.last_seen_at, %(at)s),
    gone_at = CASE WHEN a.fetch_url_hash = %(url_hash)s THEN NULL ELSE a.gone_at END,
    gone_status = CASE WHEN a.fetch_url_hash = %(url_hash)s THEN NULL ELSE a.gone_status END
WHERE a.article_id = %(article_id)s;

-- name: settle_url_requests
-- Requests that wait for this URL are done.
UPDATE store.request q
SET finished_at = now(), outcome = %(outcome)s, reason = %(reason)s,
    revision_id = (SELECT a.revision_id FROM store.article a WHERE a.article_id = %(article_id)s)
WHERE q.frontier_id = %(frontier_id)s AND q.kind = 'url' AND q.finished_at IS NULL;

-- name: lock_source_requests
-- The open requests for a whole source, held until the end of the transaction: who is last must see it.
SELECT q.request_id
FROM store.request q
WHERE q.kind = 'source' AND q.finished_at IS NULL AND q.started_at IS NOT NULL
ORDER BY q.request_id
FOR NO KEY UPDATE;

-- name: settle_source_requests
-- Requests for a whole source are done once none of its URLs waits for them.
UPDATE store.request q
SET finished_at = now(), outcome = 'done', reason = coalesce((
        SELECT string_agg(o.number || ' ' || o.outcome, ', ' ORDER BY o.number DESC, o.outcome)
        FROM (SELECT f.outcome::text AS outcome, count(*) AS number
              FROM store.article a JOIN store.frontier f ON f.url_hash = a.fetch_url_hash
              WHERE a.source_id = q.source_id AND (q.since IS NULL OR a.first_seen_at >= q.since)
                AND f.outcome_at >= q.started_at
              GROUP BY f.outcome) o), 'no article to fetch')
WHERE q.request_id = ANY (%(request_ids)s::bigint[])
  AND NOT EXISTS (SELECT FROM store.frontier f WHERE f.request_id = q.request_id);

-- name: release_leases
-- What a crawl still had in hand is free again, and still owed.
UPDATE store.frontier f
SET leased_until = NULL, leased_by = NULL
FROM store.crawl k
WHERE k.crawl_id = %(crawl_id)s AND f.leased_by = k.crawl_id AND f.due_at IS NOT NULL
  AND (f.source_id = k.source_id OR f.request_id IS NOT NULL);

-- name: count_pending
-- What a source is owed: due now, in hand, held up by a paused host, due later.
SELECT count(*) FILTER (WHERE f.due_at <= now() AND NOT l.leased AND NOT l.held) AS due,
       count(*) FILTER (WHERE l.leased) AS leased,
       count(*) FILTER (WHERE f.due_at <= now() AND NOT l.leased AND l.held) AS held,
       count(*) FILTER (WHERE f.due_at > now() AND NOT l.leased) AS later
FROM store.frontier f
LEFT JOIN store.host h ON h.host = f.host,
LATERAL (SELECT coalesce(f.leased_until > now(), false), coalesce(h.paused_until > now(), false)) AS l (leased, held)
WHERE f.source_id = %(source_id)s AND f.due_at IS NOT NULL;
