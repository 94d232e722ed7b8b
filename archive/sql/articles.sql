-- name: find_current_text
-- The current revision of the article at a URL (its own or an alias), with its versions and the bytes it came from.
SELECT a.article_id, a.url, a.fetch_url_hash, r.revision_id, r.number, e.content_digest, e.title, e.text,
       v.extractor, v.trafilatura, v.rules, v.site, v.host_state,
       c.capture_id, c.capture_url, c.capture_fetched_at, c.capture_status, c.capture_mime, c.capture_etag,
       c.capture_last_modified, c.capture_payload_digest, c.capture_body_digest, c.capture_record_type,
       c.capture_truncated, c.capture_file_id, c.capture_path, c.capture_offset, c.capture_length, c.capture_record_id
FROM store.article a
JOIN store.revision r ON r.revision_id = a.revision_id
JOIN store.extraction e ON e.extraction_id = r.extraction_id
JOIN store.version v ON v.version_id = e.version_id
JOIN store.kept_capture c ON c.capture_id = r.capture_id
WHERE a.article_id = coalesce(
    (SELECT o.article_id FROM store.article o WHERE o.url_hash = %(url_hash)s),
    (SELECT l.article_id FROM store.alias l WHERE l.url_hash = %(url_hash)s));

-- name: get_wording
-- Headline, its alternatives, text and removed spans of the extraction that a revision shows.
SELECT e.title, e.text, ARRAY(SELECT pair ->> 1 FROM jsonb_array_elements(e.titles) AS pair) AS titles,
       ARRAY(SELECT m.span FROM store.removal m WHERE m.extraction_id = e.extraction_id ORDER BY m.ordinal) AS spans
FROM store.revision r
JOIN store.extraction e ON e.extraction_id = r.extraction_id
WHERE r.revision_id = %(revision_id)s;

-- name: find_saved
-- What an earlier save of this very capture did; no row where there was none.
SELECT t.result, f.article_id, coalesce(r.revision_id, a.revision_id) AS revision_id, r.revision_id IS NOT NULL AS is_new
FROM store.attempt t
JOIN store.frontier f ON f.frontier_id = t.frontier_id
JOIN store.article a ON a.article_id = f.article_id
LEFT JOIN store.revision r ON r.article_id = a.article_id AND r.capture_id = t.capture_id
WHERE t.frontier_id = %(frontier_id)s AND t.capture_id = %(capture_id)s
  AND t.result IN ('stored', 'unchanged', 'duplicate')
ORDER BY t.attempt_id DESC
LIMIT 1;

-- name: lock_article
-- An article by its URL, held until the end of the transaction.
SELECT a.article_id, a.url, a.fetch_url_hash, a.revision_id
FROM store.article a
WHERE a.url_hash = %(url_hash)s
FOR NO KEY UPDATE;

-- name: insert_article
-- A story first seen, with its first revision; its URL is nobody's alias any more. No row where one stands at its URL.
WITH article AS (
    INSERT INTO store.article (
        source_id, url, url_hash, fetch_url_hash, first_seen_at, last_seen_at, dated_at, dated_by)
    VALUES (%(source_id)s, %(url)s, %(url_hash)s, %(fetch_url_hash)s, %(at)s, %(at)s, %(at)s, 'first_seen')
    ON CONFLICT (url_hash) DO NOTHING
    RETURNING article_id
), gone AS (
    DELETE FROM store.alias l USING article WHERE l.url_hash = %(url_hash)s
)
INSERT INTO store.revision (article_id, number, capture_id, seen_at)
SELECT article_id, 1, %(capture_id)s, %(at)s FROM article
RETURNING article_id, revision_id, number;

-- name: find_guest
-- The article at the URL that this one was fetched from, if it was fetched from another one itself.
SELECT g.article_id, g.url_hash
FROM store.article a
JOIN store.article g ON g.url_hash = a.fetch_url_hash
WHERE a.article_id = %(article_id)s AND g.article_id <> a.article_id AND g.fetch_url_hash <> g.url_hash;

-- name: send_article_home
-- A story that took another's URL for its own goes back to the one that it was fetched from, unless that is taken.
WITH home AS (
    UPDATE store.article a
    SET url = f.url, url_hash = f.url_hash
    FROM store.frontier f
    WHERE a.article_id = %(article_id)s AND a.url_hash = %(url_hash)s AND f.url_hash = a.fetch_url_hash
      AND a.fetch_url_hash <> a.url_hash
      AND NOT EXISTS (SELECT FROM store.article o WHERE o.url_hash = a.fetch_url_hash)
    RETURNING a.url_hash
)
DELETE FROM store.alias l USING home WHERE l.url_hash = home.url_hash;

-- name: insert_revision
-- The next revision of an article.
INSERT INTO store.revision (article_id, number, capture_id, seen_at)
SELECT %(article_id)s, coalesce(max(r.number), 0) + 1, %(capture_id)s, %(at)s
FROM store.revision r
WHERE r.article_id = %(article_id)s
RETURNING article_id, revision_id, number;

-- name: insert_version
-- A set of versions met for the first time.
INSERT INTO store.version (digest, extractor, trafilatura, rules, site, host_state)
VALUES (%(digest)s, %(extractor)s, %(trafilatura)s, %(rules)s, %(site)s, %(host_state)s)
ON CONFLICT (digest) DO NOTHING;

-- name: insert_extraction
-- Text, metadata, removals and credits of a revision under a set of versions, shown from now on; no row where they are
-- there already, or where the set of versions is unknown.
WITH extraction AS (
    INSERT INTO store.extraction (
        revision_id, version_id, content_digest, title, titles, summary, text, language, authors, place, section, tags,
        image, canonical_url, kind, published_at, published_raw, published_precision, published_from, published_zone,
        published_flags, modified_at, modified_raw, modified_precision, modified_from, modified_zone, charset,
        charset_from, flags)
    SELECT %(revision_id)s, v.version_id, %(content_digest)s, x.title, x.titles, x.summary, x.text, x.language, x.authors,
           x.place, x.section, x.tags, x.image, x.canonical_url, x.kind, x.published_at, x.published_raw,
           x.published_precision, x.published_from, x.published_zone, x.published_flags, x.modified_at, x.modified_raw,
           x.modified_precision, x.modified_from, x.modified_zone, x.charset, x.charset_from, x.flags
    FROM store.version v, jsonb_populate_record(NULL::store.extraction, %(extraction)s) AS x
    WHERE v.digest = %(version_digest)s
    ON CONFLICT (revision_id, version_id) DO NOTHING
    RETURNING extraction_id
), removals AS (
    INSERT INTO store.removal (extraction_id, ordinal, start_at, span, rule, rule_version, zone)
    SELECT e.extraction_id, m.ordinal, m.start_at, m.span, m.rule, m.rule_version, m.zone
    FROM extraction e, jsonb_populate_recordset(NULL::store.removal, %(removals)s) AS m
), credits AS (
    INSERT INTO store.credit (extraction_id, ordinal, agency, matched, position, confidence, place)
    SELECT e.extraction_id, c.ordinal, c.agency, c.matched, c.position, c.confidence, c.place
    FROM extraction e, jsonb_populate_recordset(NULL::store.credit, %(credits)s) AS c
), shown AS (
    UPDATE store.revision r SET extraction_id = e.extraction_id
    FROM extraction e
    WHERE r.revision_id = %(revision_id)s
)
SELECT extraction_id FROM extraction;

-- name: show_extraction
-- An extraction that is there already is what its revision shows.
UPDATE store.revision r
SET extraction_id = e.extraction_id
FROM store.extraction e JOIN store.version v ON v.version_id = e.version_id
WHERE r.revision_id = %(revision_id)s AND e.revision_id = r.revision_id AND v.digest = %(version_digest)s
RETURNING r.extraction_id;

-- name: show_revision
-- What an article shows, its newest revision and its date by the best evidence there is, and what is searched of it.
WITH searched AS (
    INSERT INTO store.search (article_id, config, analyser, vector)
    SELECT %(article_id)s, c.config, store.analyser(), store.search_vector(c.config, e.title, e.summary, e.text)
    FROM store.extraction e, LATERAL store.search_config(e.language) AS c (config)
    WHERE e.extraction_id = %(extraction_id)s
    ON CONFLICT (article_id) DO UPDATE
    SET config = excluded.config, analyser = excluded.analyser, vector = excluded.vector
)
UPDATE store.article a
SET revision_id = %(revision_id)s,
    edits = %(number)s - 1,
    last_seen_at = greatest(a.last_seen_at, %(at)s),
    gone_at = NULL,
    gone_status = NULL,
    dated_at = d.at,
    dated_by = d.evidence
FROM (
    -- A date more than a day after the first sight is a slip or a trick; the next best evidence counts.
    SELECT claim.at, claim.evidence
    FROM store.article o
    JOIN store.extraction e ON e.extraction_id = %(extraction_id)s
    LEFT JOIN store.frontier f ON f.url_hash = o.fetch_url_hash
    LEFT JOIN store.announcement n ON n.announcement_id = f.announcement_id,
    LATERAL (VALUES
        (1, e.published_at::timestamptz, CASE e.published_from WHEN 'feed' THEN 'feed' ELSE 'published' END),
        (2, n.published_at::timestamptz, 'feed'),
        (3, o.first_seen_at, 'first_seen')) AS claim (place, at, evidence)
    WHERE o.article_id = %(article_id)s AND claim.at <= o.first_seen_at + interval '1 day'
    ORDER BY claim.place
    LIMIT 1
) d
WHERE a.article_id = %(article_id)s;

-- name: insert_alias
-- Another URL of an article; one that is an article's own URL, or an alias already, stays what it is.
INSERT INTO store.alias (url_hash, url, article_id, kind)
SELECT %(url_hash)s, %(url)s, %(article_id)s, %(kind)s
WHERE NOT EXISTS (SELECT FROM store.article a WHERE a.url_hash = %(url_hash)s)
ON CONFLICT DO NOTHING;

-- name: refill_search
-- Fill search vectors that are missing or of an older analyser.
SELECT store.refill_search(%(batch)s) AS filled;

-- name: count_stale_search
-- How many search vectors are missing or of an older analyser.
SELECT count(*) AS stale
FROM store.article a
LEFT JOIN store.search s ON s.article_id = a.article_id
WHERE a.revision_id IS NOT NULL AND s.analyser IS DISTINCT FROM store.analyser();
