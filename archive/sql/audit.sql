-- name: audit_captures
-- Every capture with the place of its bytes.
SELECT c.capture_id, c.url, c.status, c.record_type, c.truncated, c.body_digest, w.path, c.warc_offset, c.warc_length,
       c.warc_record_id
  FROM store.capture c JOIN store.warc_file w USING (warc_file_id)
 ORDER BY w.path, c.warc_offset

-- name: audit_articles_without_current_revision
-- Articles whose current revision is missing or not their latest.
SELECT a.url AS subject, concat('current revision ', a.revision_id, ', latest ', r.revision_id) AS detail
  FROM store.article a
  LEFT JOIN LATERAL (SELECT revision_id FROM store.revision r WHERE r.article_id = a.article_id
                      ORDER BY number DESC LIMIT 1) r ON true
 WHERE a.revision_id IS DISTINCT FROM r.revision_id OR a.revision_id IS NULL

-- name: audit_revisions_not_numbered_from_one
-- Articles whose revisions are not numbered 1, 2, 3 … without a gap.
SELECT a.url AS subject, concat(count(r.revision_id), ' revisions, highest number ', max(r.number)) AS detail
  FROM store.article a LEFT JOIN store.revision r USING (article_id)
 GROUP BY a.url
HAVING count(r.revision_id) = 0 OR max(r.number) <> count(r.revision_id) OR min(r.number) <> 1

-- name: audit_edits_not_counted
-- Articles whose count of edits is not the number of revisions less one.
SELECT a.url AS subject, concat('edits ', a.edits, ', revisions ', count(r.revision_id)) AS detail
  FROM store.article a LEFT JOIN store.revision r USING (article_id)
 GROUP BY a.article_id
HAVING a.edits <> count(r.revision_id) - 1

-- name: audit_revisions_without_extraction
-- Revisions whose current extraction is missing or another revision's.
SELECT concat(a.url, ' revision ', r.number) AS subject,
       concat('extraction ', r.extraction_id, ' belongs to revision ', e.revision_id) AS detail
  FROM store.revision r
  JOIN store.article a USING (article_id)
  LEFT JOIN store.extraction e ON e.extraction_id = r.extraction_id
 WHERE e.revision_id IS DISTINCT FROM r.revision_id

-- name: audit_final_outcomes_without_article
-- URLs said to be stored, unchanged or duplicate that lead to no article.
SELECT f.url AS subject, concat('outcome ', f.outcome, ' without an article') AS detail
  FROM store.frontier f
 WHERE f.outcome IN ('stored', 'duplicate') AND f.article_id IS NULL

-- name: audit_announcements_without_outcome_or_due
-- URLs that have no outcome and are owed nothing: they would be lost.
SELECT f.url AS subject, 'no outcome, and nothing owed' AS detail
  FROM store.frontier f
 WHERE f.outcome IS NULL AND f.due_at IS NULL

-- name: audit_aliases_astray
-- Aliases that are the identity of another article.
SELECT l.url AS subject, concat('alias of article ', l.article_id, ' and identity of article ', a.article_id) AS detail
  FROM store.alias l JOIN store.article a ON a.url_hash = l.url_hash AND a.article_id <> l.article_id

-- name: audit_slots_without_crawl_or_job
-- Slots that were fired with a job of their own, which neither waits, runs nor left a crawl.
SELECT concat(s.name, ' at ', o.due_at) AS subject, concat('job ', o.job_id, ' is gone without a trace') AS detail
  FROM store.slot o
  JOIN store.source s USING (source_id)
 WHERE o.job_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM store.crawl c WHERE c.source_id = o.source_id AND c.job_id = o.job_id)
   AND NOT EXISTS (SELECT FROM queue.procrastinate_jobs j WHERE j.id = o.job_id)
   AND o.fired_at > now() - interval '20 hours'

-- name: audit_extractions
-- Every extraction with what its digest stands for.
SELECT extraction_id, title, summary, text, content_digest FROM store.extraction ORDER BY extraction_id
