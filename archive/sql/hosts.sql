-- name: claim_host
-- Reserve a host's next moment where it is free, by the database's clock; else say how long to wait.
-- A gap is never below the larger delay of the two requests at its ends. Latency counts only where it is high (2 s).
WITH asked AS (
    SELECT %(host)s::text AS host, %(delay)s::interval AS delay, %(lease)s::interval AS lease
), claimed AS (
    INSERT INTO store.host AS h (host, next_at, delay, updated_at)
    SELECT a.host, clock_timestamp() + a.delay + a.lease, a.delay, clock_timestamp() FROM asked a
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
    RETURNING h.host, h.strikes
)
SELECT interval '0' AS wait, NULL::timestamptz AS paused_until, NULL AS why, c.strikes
FROM claimed c
UNION ALL
SELECT greatest(h.next_at + greatest(interval '0', greatest(a.delay, h.crawl_delay) - h.delay) - clock_timestamp(),
                interval '1 millisecond'),
       CASE WHEN h.paused_until > clock_timestamp() THEN h.paused_until END,
       CASE WHEN h.paused_until > clock_timestamp() THEN h.paused_why END,
       h.strikes
FROM store.host h JOIN asked a ON a.host = h.host
WHERE NOT EXISTS (SELECT FROM claimed);

-- name: mark_host_sent
-- A request was written just now: the next may follow after the delay in force.
UPDATE store.host
SET next_at = clock_timestamp() + delay, requests = requests + 1, updated_at = clock_timestamp()
WHERE host = %(host)s;

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
