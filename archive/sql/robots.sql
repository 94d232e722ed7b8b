-- name: find_robots
-- robots.txt of an origin as last fetched.
SELECT r.origin, r.checked_at, r.expires_at, r.status, r.state, r.reason, r.good_body, r.good_at
FROM store.robots r
WHERE r.origin = %(origin)s;

-- name: save_robots
-- A fetch of robots.txt; an older one never replaces a newer.
INSERT INTO store.robots AS r (origin, checked_at, expires_at, status, state, reason, good_body, good_at)
VALUES (%(origin)s, %(checked_at)s, %(expires_at)s, %(status)s, %(state)s, %(reason)s, %(good_body)s, %(good_at)s)
ON CONFLICT (origin) DO UPDATE
SET checked_at = excluded.checked_at, expires_at = excluded.expires_at, status = excluded.status,
    state = excluded.state, reason = excluded.reason, good_body = excluded.good_body, good_at = excluded.good_at
WHERE r.checked_at <= excluded.checked_at;
