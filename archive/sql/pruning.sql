-- name: prune_jobs
-- Remove up to a batch of jobs that ended longer ago than that, with their events; Procrastinate never does.
DELETE FROM queue.procrastinate_jobs
WHERE id IN (
    SELECT j.id FROM queue.procrastinate_jobs j
    WHERE j.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
      AND NOT EXISTS (
          SELECT FROM queue.procrastinate_events e
          WHERE e.job_id = j.id AND e.at >= now() - %(older_than)s::interval)
    ORDER BY j.id
    LIMIT %(batch)s);

-- name: list_slot_memories
-- For each source the slots that must stay: the one fired last and the greatest, which differ after a change of the
-- schedule or a clock that ran ahead. The current slot is one of them as long as it is the current one, however rare.
SELECT s.source_id, ARRAY[
           (SELECT l.slot FROM store.slot l WHERE l.source_id = s.source_id ORDER BY l.fired_at DESC, l.slot DESC LIMIT 1),
           (SELECT l.slot FROM store.slot l WHERE l.source_id = s.source_id ORDER BY l.slot DESC LIMIT 1)] AS kept
FROM store.source s
WHERE EXISTS (
    SELECT FROM store.slot o WHERE o.source_id = s.source_id AND o.fired_at < now() - %(older_than)s::interval)
ORDER BY s.source_id;

-- name: prune_slots
-- Remove up to a batch of a source's slots that were fired longer ago than that, besides those that must stay.
DELETE FROM store.slot d
USING (
    SELECT o.slot FROM store.slot o
    WHERE o.source_id = %(source_id)s AND o.fired_at < now() - %(older_than)s::interval
      AND o.slot <> ALL (%(kept)s::bigint[])
    ORDER BY o.slot
    LIMIT %(batch)s
) old
WHERE d.source_id = %(source_id)s AND d.slot = old.slot;

-- name: prune_requests
-- Remove up to a batch of re-crawls that were asked for and ended longer ago than that.
DELETE FROM store.request
WHERE request_id IN (
    SELECT q.request_id FROM store.request q
    WHERE q.finished_at < now() - %(older_than)s::interval
      AND NOT EXISTS (SELECT FROM store.frontier f WHERE f.request_id = q.request_id)
    ORDER BY q.request_id
    LIMIT %(batch)s);

-- name: prune_robots
-- Remove robots.txt of up to a batch of origins that nobody has asked for longer than that.
DELETE FROM store.robots
WHERE origin IN (
    SELECT r.origin FROM store.robots r
    WHERE r.checked_at < now() - %(older_than)s::interval AND r.expires_at < now()
    LIMIT %(batch)s);
