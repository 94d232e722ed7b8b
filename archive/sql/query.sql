-- name: search_articles
-- Articles that hold the words, best first.
SELECT s.article_id, s.rank, s.source, s.url, s.title, s.headline, s.language, s.agencies, s.dated_at, s.dated_by,
       s.edits, s.gone_at
FROM archive.search(%(text)s, %(language)s, %(source)s, %(agency)s, %(since)s, %(until)s, %(limit)s) AS s;

-- name: find_known
-- The URL that is known for a canonical one, itself or another spelling.
SELECT store.find_known(%(url)s) AS url;

-- name: show_story
-- The story at a URL, its own or an alias.
SELECT a.id, a.source, a.url, a.title, a.summary, a.text, a.language, a.authors, a.agencies, a.place, a.published_at,
       a.published_raw, a.published_precision, a.modified_at, a.dated_at, a.dated_by, a.first_seen_at, a.last_seen_at,
       a.edits, a.gone_at, a.gone_status, a.section, a.tags, a.image, a.kind, a.flags, a.revision, a.revision_id,
       a.extraction_id
FROM archive.articles a
WHERE a.id = coalesce(
    (SELECT o.article_id FROM store.article o WHERE o.url_hash = %(url_hash)s),
    (SELECT l.article_id FROM store.alias l WHERE l.url_hash = %(url_hash)s));

-- name: show_revisions
-- The texts of a story, the current one first.
SELECT r.number, r.is_current, r.seen_at, r.title, r.summary, r.text
FROM archive.revisions r
WHERE r.article_id = %(article_id)s
ORDER BY r.number DESC;

-- name: show_removals
-- What cleaning took out of an extraction, in the order of the page.
SELECT m.start_at, m.span, m.rule, m.rule_version, m.zone, d.says AS rule_says, d.file AS rule_file
FROM store.removal m
LEFT JOIN store.rule d ON d.rule = m.rule AND d.rule_version = m.rule_version
WHERE m.extraction_id = %(extraction_id)s
ORDER BY m.start_at, m.ordinal;

-- name: show_credits
-- The agencies behind an extraction.
SELECT c.agency, c.matched, c.position, c.confidence, c.place
FROM store.credit c
WHERE c.extraction_id = %(extraction_id)s
ORDER BY c.ordinal;

-- name: show_aliases
-- Other URLs of a story.
SELECT l.url FROM store.alias l WHERE l.article_id = %(article_id)s ORDER BY l.seen_at, l.url;

-- name: show_captures
-- Exchanges of these URLs, newest first.
SELECT c.capture_id, c.capture_url, c.capture_fetched_at, c.capture_status, c.capture_mime, c.capture_etag,
       c.capture_last_modified, c.capture_payload_digest, c.capture_body_digest, c.capture_record_type,
       c.capture_truncated, c.capture_file_id, c.capture_path, c.capture_offset, c.capture_length, c.capture_record_id
FROM store.capture k
JOIN store.kept_capture c ON c.capture_id = k.capture_id
WHERE k.url_hash = ANY (%(url_hashes)s::bytea[])
ORDER BY k.fetched_at DESC, k.capture_id DESC
LIMIT %(limit)s;

-- name: show_body
-- The capture that a revision was read from.
SELECT c.capture_id, c.capture_url, c.capture_fetched_at, c.capture_status, c.capture_mime, c.capture_etag,
       c.capture_last_modified, c.capture_payload_digest, c.capture_body_digest, c.capture_record_type,
       c.capture_truncated, c.capture_file_id, c.capture_path, c.capture_offset, c.capture_length, c.capture_record_id
FROM store.revision r
JOIN store.kept_capture c ON c.capture_id = r.capture_id
WHERE r.revision_id = %(revision_id)s;

-- name: why_url
-- What became of a URL, found by itself or as an alias of a story.
SELECT f.frontier_id, f.url, s.name AS source, f.announced_at, f.outcome::text AS outcome, f.reason, f.outcome_at,
       f.due_at, f.due_why, f.attempts, f.revisits, CASE WHEN f.leased_until > now() THEN f.leased_until END AS leased_until,
       CASE WHEN f.leased_until > now() THEN f.leased_by END AS leased_by, f.last_error, f.article_id,
       a.url AS article_url,
       CASE WHEN f.due_at IS NULL THEN NULL
            WHEN s.retired_at IS NOT NULL THEN 'source ' || s.name || ' is no longer in sources.toml'
            WHEN s.paused_at IS NOT NULL THEN 'source ' || s.name || ' is paused' || coalesce(': ' || s.paused_why, '')
            WHEN NOT s.enabled AND f.request_id IS NULL THEN 'source ' || s.name || ' is disabled in sources.toml'
            WHEN h.paused_until > greatest(f.due_at, now())
                THEN 'host ' || h.host || ' is paused until '
                     || to_char(h.paused_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')
                     || coalesce(': ' || h.paused_why, '') END AS held_by
FROM store.frontier f
JOIN store.source s ON s.source_id = f.source_id
LEFT JOIN store.host h ON h.host = f.host
LEFT JOIN store.article a ON a.article_id = f.article_id
WHERE f.frontier_id = coalesce(
    (SELECT g.frontier_id FROM store.frontier g WHERE g.url_hash = %(url_hash)s),
    (SELECT g.frontier_id FROM store.article o JOIN store.frontier g ON g.url_hash = o.fetch_url_hash
     WHERE o.url_hash = %(url_hash)s),
    (SELECT g.frontier_id FROM store.alias l
     JOIN store.article o ON o.article_id = l.article_id JOIN store.frontier g ON g.url_hash = o.fetch_url_hash
     WHERE l.url_hash = %(url_hash)s));

-- name: why_sightings
-- Where a URL was announced, the first time first.
SELECT s.name AS source, d.url AS document, d.kind AS document_kind, n.url AS announced_url, n.rule, n.title,
       n.published_at::timestamptz AS published_at, n.first_seen_at, n.last_seen_at
FROM store.announcement n
JOIN store.document d ON d.document_id = n.document_id
JOIN store.source s ON s.source_id = d.source_id
WHERE n.frontier_id = %(frontier_id)s
ORDER BY n.first_seen_at, n.announcement_id;

-- name: why_attempts
-- Each time a URL was taken up.
SELECT t.at, t.result, t.detail, t.status, t.next_due_at, t.crawl_id, t.capture_id, w.path AS warc_path,
       c.warc_offset
FROM store.attempt t
LEFT JOIN store.capture c ON c.capture_id = t.capture_id
LEFT JOIN store.warc_file w ON w.warc_file_id = c.warc_file_id
WHERE t.frontier_id = %(frontier_id)s
ORDER BY t.attempt_id;

-- name: why_host
-- The budget of a host.
SELECT h.host, h.next_at, h.delay, h.crawl_delay, CASE WHEN h.paused_until > now() THEN h.paused_until END AS paused_until,
       CASE WHEN h.paused_until > now() THEN h.paused_why END AS paused_why, h.strikes
FROM store.host h
WHERE h.host = %(host)s;

-- name: why_robots
-- robots.txt of an origin as last fetched.
SELECT r.origin, r.state, r.status, r.reason, r.checked_at, r.expires_at
FROM store.robots r
WHERE r.origin = %(origin)s;

-- name: why_requests
-- Requests for a URL, the newest first.
SELECT q.id AS request_id, q.kind, q.asked, q.key, q.source, q.force, q.asked_at, q.started_at, q.finished_at, q.state,
       q.waits_for, q.outcome, q.reason, q.article_id, q.revision_id
FROM archive.requests q
WHERE q.kind = 'url' AND q.key = %(url)s
ORDER BY q.id DESC
LIMIT 10;

-- name: why_owners
-- The sources that cover a host.
SELECT s.source_id, s.name, v.state, s.crawled_at, s.last_error
FROM store.source_host h
JOIN store.source s ON s.source_id = h.source_id
JOIN archive.sources v ON v.id = s.source_id
WHERE h.host = %(host)s
ORDER BY s.retired_at IS NOT NULL, NOT s.enabled, s.name;

-- name: why_documents
-- The discovery documents of a source and how reading them fares.
SELECT d.document_id, d.url, d.kind, d.outcome, d.error, d.checked_at, d.changed_at, d.links, d.over_cap, d.malformed
FROM store.document d
WHERE d.source_id = %(source_id)s AND (d.configured OR d.parent_id IS NOT NULL)
ORDER BY d.configured DESC, d.changed_at DESC NULLS LAST, d.document_id
LIMIT 20;

-- name: why_held
-- The newest links that a document held when it was last read.
SELECT f.url, n.title, n.published_at, n.rule
FROM (
    SELECT a.frontier_id, a.title, a.published_at::timestamptz AS published_at, a.rule, a.announcement_id
    FROM store.document d
    JOIN store.announcement a ON a.document_id = d.document_id
    WHERE d.document_id = %(document_id)s AND a.last_seen_at > d.changed_at - interval '1 hour 1 minute'
    ORDER BY a.published_at DESC NULLS LAST, a.announcement_id DESC
    LIMIT 5
) n
JOIN store.frontier f ON f.frontier_id = n.frontier_id
ORDER BY n.published_at DESC NULLS LAST, n.announcement_id DESC;

-- name: status_sources
-- Every source that has not been retired, and how it fares.
SELECT v.name, v.state, v.schedule, v.crawled_at, v.last_slot_at, v.failures, v.last_error, v.paused_why, v.articles,
       v.last_article_at, o.owed, o.leased, o.held, v.planned, k.state AS last_crawl_state, k.counts AS last_crawl_counts
FROM archive.sources v,
LATERAL (
    SELECT count(*) FILTER (WHERE f.due_at <= now()) AS owed,
           count(*) FILTER (WHERE f.leased_until > now()) AS leased,
           count(*) FILTER (WHERE f.due_at <= now() AND h.paused_until > now()) AS held
    FROM store.frontier f
    LEFT JOIN store.host h ON h.host = f.host
    WHERE f.source_id = v.id AND f.due_at IS NOT NULL AND (f.due_at <= now() OR f.leased_until > now())
) o
LEFT JOIN LATERAL (
    SELECT c.state, c.counts FROM store.crawl c WHERE c.source_id = v.id ORDER BY c.crawl_id DESC LIMIT 1
) k ON true
WHERE v.state <> 'retired'
ORDER BY v.name;

-- name: status_processes
-- Schedulers and workers that have not said goodbye; those dead for a day are forgotten.
SELECT p.process_id, p.role, p.host, p.pid, p.version, p.started_at, p.seen_at,
       p.seen_at >= now() - %(dead_after)s::interval AS alive, p.state
FROM store.process p
WHERE p.stopped_at IS NULL AND p.seen_at > now() - interval '1 day'
ORDER BY p.role, p.host, p.started_at, p.pid;

-- name: status_queue
-- Jobs by what became of them.
SELECT count(*) FILTER (WHERE j.status = 'todo') AS todo,
       count(*) FILTER (WHERE j.status = 'doing') AS doing,
       count(*) FILTER (WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - %(dead_after)s::interval)) AS stalled,
       count(*) FILTER (WHERE j.status = 'failed') AS failed
FROM queue.procrastinate_jobs j
LEFT JOIN queue.procrastinate_workers w ON w.id = j.worker_id;

-- name: status_crawls
-- Crawls that a worker has in hand.
SELECT k.crawl_id, s.name AS source, k.kind, k.started_at, p.host AS worker_host, p.pid AS worker_pid
FROM store.crawl k
JOIN store.source s ON s.source_id = k.source_id
LEFT JOIN store.process p ON p.process_id = k.process_id
WHERE k.state = 'running'
ORDER BY k.started_at, k.crawl_id;

-- name: status_paused_hosts
-- Hosts that are not asked now, and how many URLs wait for them.
SELECT h.host, h.paused_until AS until, h.paused_why AS why, h.strikes,
       (SELECT count(*) FROM store.frontier f
        WHERE f.due_at IS NOT NULL AND f.host = h.host AND f.due_at <= greatest(now(), h.paused_until)) AS owed
FROM store.host h
WHERE h.paused_until > now()
ORDER BY h.paused_until DESC, h.host;

-- name: status_source_file
-- The last load of sources.toml.
SELECT f.path, f.loaded_at, f.error, f.error_at FROM store.source_file f;

-- name: status_totals
-- How much there is, and the moment by the database's clock.
SELECT now() AS at,
       (SELECT count(*) FROM store.article) AS articles,
       (SELECT count(*) FROM store.article a WHERE a.first_seen_at >= date_trunc('day', now(), 'UTC')) AS articles_today,
       (SELECT count(*) FROM store.revision) AS revisions,
       (SELECT count(*) FROM store.capture) AS captures,
       (SELECT count(*) FROM store.frontier) AS urls,
       (SELECT count(*) FROM store.frontier f WHERE f.due_at IS NOT NULL AND f.outcome IS NULL) AS pending,
       (SELECT count(*) FROM store.request q WHERE q.finished_at IS NULL) AS open_requests,
       pg_database_size(current_database()) AS database_bytes;

-- name: list_requests
-- Requests by their ids.
SELECT q.id AS request_id, q.kind, q.asked, q.key, q.source, q.force, q.asked_at, q.started_at, q.finished_at, q.state,
       q.waits_for, q.outcome, q.reason, q.article_id, q.revision_id
FROM archive.requests q
WHERE q.id = ANY (%(request_ids)s::bigint[])
ORDER BY array_position(%(request_ids)s::bigint[], q.id);
