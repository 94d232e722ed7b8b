-- name: register_process
-- A scheduler or worker begins.
INSERT INTO store.process (process_id, role, host, pid, version, state)
VALUES (%(process_id)s, %(role)s, %(host)s, %(pid)s, %(version)s, %(state)s)
ON CONFLICT (process_id) DO UPDATE
SET seen_at = now(), stopped_at = NULL, state = excluded.state;

-- name: forget_processes
-- Processes that nobody has heard of for a month, and no crawl of theirs is open.
DELETE FROM store.process p
WHERE p.seen_at < now() - interval '30 days'
  AND NOT EXISTS (SELECT FROM store.crawl k WHERE k.state = 'running' AND k.process_id = p.process_id);

-- name: beat_process
-- A process lives, and says what it does.
UPDATE store.process
SET seen_at = now(), state = %(state)s
WHERE process_id = %(process_id)s;

-- name: stop_process
-- A process says goodbye.
UPDATE store.process
SET seen_at = now(), stopped_at = now()
WHERE process_id = %(process_id)s;

-- name: list_dead_processes
-- Processes that have neither beaten since nor said goodbye.
SELECT p.process_id, p.role, p.host, p.pid, p.version, p.state
FROM store.process p
WHERE p.stopped_at IS NULL AND p.seen_at < now() - %(dead_after)s::interval
ORDER BY p.seen_at;
