-- name: claim_host
-- Reserve a host's next moment by the database's clock; no row where it is not free.
-- A gap is never below the larger delay of the two requests at its ends. Latency counts only where it is high (2 s).
INSERT INTO store.host AS h (host, next_at, delay, updated_at)
VALUES (%(host)s, clock_timestamp() + %(delay)s::interval + %(lease)s::interval, %(delay)s, clock_timestamp())
ON CONFLICT (host) DO UPDATE
SET next_at = clock_timestamp() + %(lease)s::interval + greatest(
        %(delay)s::interval, h.crawl_delay,
        CASE WHEN h.latency > interval '2 seconds' THEN least(h.latency, interval '30 seconds') END),
    delay = greatest(
        %(delay)s::interval, h.crawl_delay,
        CASE WHEN h.latency > interval '2 seconds' THEN least(h.latency, interval '30 seconds') END),
    updated_at = clock_timestamp()
WHERE (h.paused_until IS NULL OR h.paused_until <= clock_timestamp())
  AND h.next_at + greatest(interval '0', greatest(%(delay)s::interval, h.crawl_delay) - h.delay) <= clock_timestamp()
RETURNING interval '0' AS wait, NULL::timestamptz AS paused_until, NULL AS why, h.strikes;

-- name: find_host_wait
-- How long until a host may be claimed, and whether it is paused. No claim reserves more than its lease and the delay:
-- where the next moment lies farther ahead, the clock has been put back since.
SELECT greatest(h.next_at + greatest(interval '0', greatest(%(delay)s::interval, h.crawl_delay) - h.delay) - clock_timestamp(),
                interval '1 millisecond') AS wait,
       CASE WHEN h.paused_until > clock_timestamp() THEN h.paused_until END AS paused_until,
       CASE WHEN h.paused_until > clock_timestamp() THEN h.paused_why END AS why,
       h.strikes,
       h.next_at > clock_timestamp() + h.delay + %(lease)s::interval + interval '1 second' AS is_put_back
FROM store.host h
WHERE h.host = %(host)s;

-- name: renew_host_moment
-- After the clock was put back: the next moment is the delay from now, as if a request had just been sent.
UPDATE store.host h
SET next_at = clock_timestamp() + h.delay, updated_at = clock_timestamp()
WHERE h.host = %(host)s AND h.next_at > clock_timestamp() + h.delay + %(lease)s::interval + interval '1 second';

-- name: mark_host_sent
-- A request was written just now: the next may follow after the delay in force. Not waited for on disk: lost with the
-- server, it leaves the claim's longer reservation in force.
UPDATE store.host
SET next_at = clock_timestamp() + delay, requests = requests + 1, updated_at = clock_timestamp()
WHERE host = %(host)s AND set_config('synchronous_commit', 'off', true) IS NOT NULL;

-- name: mark_host_ended
-- An exchange ended: a fifth of its time goes into the smoothed latency; a good answer ends the strikes.
UPDATE store.host
SET latency = coalesce(latency * 0.8 + %(latency)s::interval * 0.2, %(latency)s::interval),
    strikes = CASE WHEN %(ok)s THEN 0 ELSE strikes END,
    updated_at = clock_timestamp()
WHERE host = %(host)s;

-- name: pause_host
-- No request before that moment; a longer pause in force stays.
INSERT INTO store.host AS h (host, paused_until, paused_why, strikes)
VALUES (%(host)s, %(until)s, %(why)s, 1)
ON CONFLICT (host) DO UPDATE
SET paused_until = greatest(h.paused_until, excluded.paused_until),
    paused_why = CASE WHEN h.paused_until > excluded.paused_until THEN h.paused_why ELSE excluded.paused_why END,
    strikes = h.strikes + 1,
    updated_at = clock_timestamp();

-- name: set_crawl_delay
-- What robots.txt wants between two requests of ours; null where it says nothing.
INSERT INTO store.host AS h (host, crawl_delay)
VALUES (%(host)s, %(delay)s)
ON CONFLICT (host) DO UPDATE
SET crawl_delay = excluded.crawl_delay, updated_at = clock_timestamp()
WHERE h.crawl_delay IS DISTINCT FROM excluded.crawl_delay;

-- name: count_strikes
-- Answers 429 and 503 in a row.
SELECT h.strikes FROM store.host h WHERE h.host = %(host)s;
