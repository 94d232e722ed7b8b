-- name: fire_slot
-- Turn a due moment into a job, once: no row where it was fired before; the job is null where one waits already.
WITH fired AS (
    INSERT INTO store.slot (source_id, slot, due_at)
    VALUES (%(source_id)s, %(slot)s, %(due_at)s)
    ON CONFLICT DO NOTHING
    RETURNING source_id
)
UPDATE store.source s
SET last_slot = greatest(s.last_slot, %(slot)s)
FROM fired
WHERE s.source_id = fired.source_id
RETURNING s.source_id;

-- name: set_slot_job
-- Note the job that a slot became.
UPDATE store.slot
SET job_id = %(job_id)s
WHERE source_id = %(source_id)s AND slot = %(slot)s;

-- name: defer_crawl
-- Queue a crawl of a source; null where one like it waits already. One that reads documents is not kept out by one that
-- only fetches what is owed: a slot would be lost.
SELECT store.defer('crawl', 'crawl_source', 'source:' || %(name)s,
                   CASE WHEN %(kind)s IN ('scheduled', 'manual') THEN 'source:' ELSE 'owed:' END || %(name)s,
                   jsonb_build_object('name', %(name)s::text, 'kind', %(kind)s::text, 'slot', %(slot)s::bigint)) AS job_id;

-- name: list_owed_sources
-- Sources with URLs that could be fetched now and no job to do it. A crawl that broke off is not repeated at once.
SELECT s.name
FROM store.source s
LEFT JOIN LATERAL (
    SELECT k.state, k.finished_at FROM store.crawl k
    WHERE k.source_id = s.source_id AND k.kind <> 'request'
    ORDER BY k.crawl_id DESC LIMIT 1
) last ON true
WHERE s.enabled AND s.paused_at IS NULL AND s.retired_at IS NULL
  AND (last.state IS NULL OR last.state NOT IN ('failed', 'handed_back')
       OR last.finished_at < now() - CASE last.state WHEN 'failed' THEN interval '1 minute' ELSE interval '15 seconds' END)
  AND NOT EXISTS (
      SELECT FROM queue.procrastinate_jobs j
      WHERE j.status IN ('todo', 'doing') AND j.lock = 'source:' || s.name)
  AND EXISTS (
      SELECT FROM store.frontier f
      LEFT JOIN store.host h ON h.host = f.host
      WHERE f.source_id = s.source_id AND f.due_at <= now()
        AND (f.leased_until IS NULL OR f.leased_until <= now())
        AND (h.paused_until IS NULL OR h.paused_until <= now()))
ORDER BY s.name;

-- name: defer_stranded_requests
-- Queue again the requests whose job has ended without an outcome and whose URL may be fetched now.
SELECT store.defer('demand', 'serve_request', NULL, NULL, jsonb_build_object('request_id', q.request_id)) AS job_id
FROM store.request q
JOIN store.source s ON s.source_id = q.source_id
LEFT JOIN store.frontier f ON f.frontier_id = q.frontier_id
LEFT JOIN store.host h ON h.host = f.host
WHERE q.finished_at IS NULL AND s.paused_at IS NULL
  AND coalesce(q.started_at, q.asked_at) < now() - interval '15 seconds'
  AND (q.started_at IS NULL OR (
      f.due_at <= now()
      AND (f.leased_until IS NULL OR f.leased_until <= now())
      AND (h.paused_until IS NULL OR h.paused_until <= now())))
  AND NOT EXISTS (
      SELECT FROM store.crawl k
      WHERE k.source_id = q.source_id AND k.kind = 'request' AND k.finished_at > now() - interval '15 seconds')
  AND NOT EXISTS (
      SELECT FROM queue.procrastinate_jobs j
      WHERE j.queue_name = 'demand' AND j.status IN ('todo', 'doing')
        AND (j.args ->> 'request_id')::bigint = q.request_id);

-- name: lock_rescue
-- Let one rescue at a time through; false where another is at it. The lock ends with the transaction.
SELECT pg_try_advisory_xact_lock(hashtextextended('wirekeep rescue', 0)) AS taken;

-- name: list_stalled_jobs
-- Jobs that a worker had in hand which is dead: its row is gone, or has not beaten since.
SELECT j.id, j.queue_name, j.args
FROM queue.procrastinate_jobs j
LEFT JOIN queue.procrastinate_workers w ON w.id = j.worker_id
WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - %(dead_after)s::interval)
ORDER BY j.id
FOR UPDATE OF j SKIP LOCKED;

-- name: retry_job
-- Hand a job back to the queue; a unique violation where a successor with its queueing lock waits.
SELECT queue.procrastinate_retry_job_v2(%(job_id)s, now(), NULL, NULL, NULL);

-- name: fail_job
-- End a job as failed, so that its successor runs.
SELECT queue.procrastinate_finish_job_v1(%(job_id)s, 'failed', false);

-- name: abandon_crawls_of_job
-- End the crawls that a dead worker ran for a job.
UPDATE store.crawl k
SET state = 'abandoned', finished_at = now(), reason = 'its worker died'
WHERE k.job_id = %(job_id)s AND k.state = 'running'
  AND NOT EXISTS (
      SELECT FROM store.process p
      WHERE p.process_id = k.process_id AND p.stopped_at IS NULL AND p.seen_at >= now() - %(dead_after)s::interval)
RETURNING k.crawl_id;

-- name: count_unfinished_jobs
-- How many of these jobs have not ended.
SELECT count(*) AS unfinished
FROM queue.procrastinate_jobs j
WHERE j.id = ANY (%(job_ids)s::bigint[]) AND j.status IN ('todo', 'doing');
