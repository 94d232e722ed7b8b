-- name: crawl_progress
-- How far the work that is owed now has come since a moment, over all enabled sources.
SELECT (SELECT count(*) FROM store.source s WHERE s.enabled AND s.retired_at IS NULL AND s.paused_at IS NULL) AS sources,
       (SELECT count(DISTINCT c.source_id) FROM store.crawl c
         WHERE c.kind IN ('scheduled', 'manual') AND c.started_at >= %(since)s AND c.finished_at IS NOT NULL) AS crawled,
       (SELECT count(*) FROM store.crawl c WHERE c.state = 'running') AS running,
       (SELECT count(*) FROM store.frontier f WHERE f.outcome_at >= %(since)s) AS concluded,
       (SELECT count(*) FROM store.frontier f WHERE f.due_at <= now()) AS owed,
       (SELECT count(*) FROM store.frontier f WHERE f.outcome IS NULL AND f.due_at > now()) AS postponed,
       (SELECT count(*) FROM store.article a) AS articles
