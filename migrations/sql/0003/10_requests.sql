-- A request for a whole source that could never be served is refused at the door: of a disabled source, or since a moment
-- that no worker can read (infinity, before Christ, beyond year 9999). What such a request waits for is said.

CREATE OR REPLACE FUNCTION archive.recrawl_source(name text, since timestamptz DEFAULT NULL, force boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source integer;
    enabled boolean;
BEGIN
    SELECT s.source_id, s.enabled INTO source, enabled
    FROM store.source s WHERE s.name = recrawl_source.name AND s.retired_at IS NULL;
    IF source IS NULL THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('no source is called %s', left(coalesce(quote_literal(recrawl_source.name), 'NULL'), 200)),
            HINT = format('Names like it: %s.', store.near_names(recrawl_source.name));
    ELSIF NOT enabled THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('source %s is disabled', quote_literal(recrawl_source.name)),
            HINT = 'In sources.toml, in that [[source]], write enabled = true; single URLs can be asked for as it is.';
    ELSIF since NOT BETWEEN '1800-01-01+00' AND '2200-01-01+00' THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('%s is no moment to fetch articles since', since),
            HINT = 'Expected one between the years 1800 and 2199, or NULL for all articles.';
    END IF;
    RETURN store.request_once(
        'source', recrawl_source.name,
        recrawl_source.name || coalesce(to_char(since AT TIME ZONE 'UTC', '" since "YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), ''),
        source, recrawl_source.since, coalesce(recrawl_source.force, false));
END
$$;

-- Open ones that are there already: each broke its job at once, and was queued again every two seconds for ever.
UPDATE store.request
SET finished_at = now(), outcome = 'failed', reason = since || ' is no moment to fetch articles since'
WHERE finished_at IS NULL AND since NOT BETWEEN '1800-01-01+00' AND '2200-01-01+00';

CREATE OR REPLACE VIEW archive.requests AS
SELECT q.request_id AS id,
       q.kind,
       q.asked,
       q.key,
       s.name AS source,
       q.since,
       q.force,
       q.asked_by,
       q.asked_at,
       q.started_at,
       q.finished_at,
       CASE WHEN q.finished_at IS NOT NULL THEN 'done'
            WHEN f.leased_until > now() THEN 'running'
            WHEN q.started_at IS NOT NULL AND q.kind = 'source' THEN 'running'
            ELSE 'waiting' END AS state,
       CASE WHEN q.finished_at IS NOT NULL THEN NULL
            WHEN s.paused_at IS NOT NULL THEN 'source ' || s.name || ' is paused'
            WHEN q.started_at IS NULL THEN 'a free worker'
            WHEN f.leased_until > now() THEN 'its fetch'
            WHEN h.paused_until > now()
                THEN 'host ' || h.host || ' until ' || to_char(h.paused_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')
                     || coalesce(': ' || h.paused_why, '')
            WHEN f.due_at > now()
                THEN 'its next attempt at ' || to_char(f.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')
                     || coalesce(': ' || f.last_error, '')
            WHEN q.kind = 'source' AND o.urls = o.held
                THEN o.urls || ' URLs on paused hosts, the first until ' || to_char(o.until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')
            WHEN q.kind = 'source' AND o.urls = o.later
                THEN o.urls || ' URLs, the first at ' || to_char(o.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')
            WHEN q.kind = 'source' THEN o.urls || ' URLs to fetch'
            ELSE 'a free worker' END AS waits_for,
       q.outcome,
       q.reason,
       coalesce(f.article_id, r.article_id) AS article_id,
       q.revision_id
FROM store.request q
JOIN store.source s ON s.source_id = q.source_id
LEFT JOIN store.frontier f ON f.frontier_id = q.frontier_id
LEFT JOIN store.host h ON h.host = f.host
LEFT JOIN store.revision r ON r.revision_id = q.revision_id
LEFT JOIN LATERAL (
    SELECT count(*) AS urls,
           count(*) FILTER (WHERE p.paused_until > now()) AS held,
           min(p.paused_until) FILTER (WHERE p.paused_until > now()) AS until,
           count(*) FILTER (WHERE w.due_at > now()) AS later,
           min(w.due_at) AS due_at
    FROM store.frontier w
    LEFT JOIN store.host p ON p.host = w.host
    WHERE w.request_id = q.request_id
) o ON q.kind = 'source' AND q.finished_at IS NULL;
