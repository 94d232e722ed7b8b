-- What people ask: views in schema archive. A contract: columns are added, never renamed or taken away.

CREATE VIEW archive.articles AS
SELECT a.article_id AS id,
       s.name AS source,
       a.url,
       e.title,
       e.summary,
       e.text,
       e.language,
       e.authors,
       ARRAY(SELECT c.agency FROM store.credit c WHERE c.extraction_id = e.extraction_id
             GROUP BY c.agency ORDER BY min(c.ordinal)) AS agencies,
       e.place,
       e.published_at::timestamptz AS published_at,
       e.published_raw,
       e.published_precision,
       e.modified_at::timestamptz AS modified_at,
       a.dated_at,
       a.dated_by,
       a.first_seen_at,
       a.last_seen_at,
       a.edits,
       a.gone_at,
       a.gone_status,
       e.section,
       e.tags,
       e.image,
       e.kind,
       e.flags,
       r.number AS revision,
       r.revision_id,
       e.extraction_id
FROM store.article a
JOIN store.source s ON s.source_id = a.source_id
JOIN store.revision r ON r.revision_id = a.revision_id
JOIN store.extraction e ON e.extraction_id = r.extraction_id;
COMMENT ON VIEW archive.articles IS 'A row a story: its current text and what is known of it.';
COMMENT ON COLUMN archive.articles.id IS 'Key of the story; stays for ever.';
COMMENT ON COLUMN archive.articles.source IS 'Name of the source that brought it.';
COMMENT ON COLUMN archive.articles.url IS 'Canonical URL.';
COMMENT ON COLUMN archive.articles.title IS 'Headline.';
COMMENT ON COLUMN archive.articles.summary IS 'Standfirst, apart from the text.';
COMMENT ON COLUMN archive.articles.text IS 'What the reporter wrote, a paragraph a line.';
COMMENT ON COLUMN archive.articles.language IS 'ISO 639-1 code of the text''s language.';
COMMENT ON COLUMN archive.articles.authors IS 'People named as authors.';
COMMENT ON COLUMN archive.articles.agencies IS 'Agencies behind the copy, the first credited first; evidence in archive.credits.';
COMMENT ON COLUMN archive.articles.place IS 'Dateline place as written.';
COMMENT ON COLUMN archive.articles.published_at IS 'Publication time as claimed; null where none is, or where it lies outside 1800 to 2199.';
COMMENT ON COLUMN archive.articles.published_raw IS 'The string that published_at was read from.';
COMMENT ON COLUMN archive.articles.published_precision IS 'second, minute, hour, day, month or year: how much of published_at was said.';
COMMENT ON COLUMN archive.articles.modified_at IS 'Modification time as claimed.';
COMMENT ON COLUMN archive.articles.dated_at IS 'The date to order and select by: published_at, else the feed''s date, else first_seen_at. Never null.';
COMMENT ON COLUMN archive.articles.dated_by IS 'Which of them dated_at is: published, feed or first_seen.';
COMMENT ON COLUMN archive.articles.first_seen_at IS 'When we first fetched it.';
COMMENT ON COLUMN archive.articles.last_seen_at IS 'When we last fetched it or found it unchanged.';
COMMENT ON COLUMN archive.articles.edits IS 'Changes the publisher made since we first saw it; the texts are in archive.revisions.';
COMMENT ON COLUMN archive.articles.gone_at IS 'When the publisher had taken it down (404 or 410); the text stays.';
COMMENT ON COLUMN archive.articles.gone_status IS 'HTTP status that said so.';
COMMENT ON COLUMN archive.articles.section IS 'Section as the publisher names it.';
COMMENT ON COLUMN archive.articles.tags IS 'Tags as the publisher names them.';
COMMENT ON COLUMN archive.articles.image IS 'URL of the main image.';
COMMENT ON COLUMN archive.articles.kind IS 'article, live_blog …';
COMMENT ON COLUMN archive.articles.flags IS 'What to know before using the text: truncated, paywalled, live_blog, nul_removed …';
COMMENT ON COLUMN archive.articles.revision IS 'Number of the current revision, from 1.';
COMMENT ON COLUMN archive.articles.revision_id IS 'Key of the current revision, as in archive.revisions.';
COMMENT ON COLUMN archive.articles.extraction_id IS 'Key of the current extraction, as in archive.removals and archive.credits.';

CREATE VIEW archive.revisions AS
SELECT r.revision_id,
       r.article_id,
       s.name AS source,
       a.url,
       r.number,
       r.revision_id = a.revision_id AS is_current,
       r.seen_at,
       e.title,
       e.summary,
       e.text,
       e.language,
       e.authors,
       e.published_at::timestamptz AS published_at,
       e.modified_at::timestamptz AS modified_at,
       e.extraction_id,
       e.extracted_at,
       v.extractor,
       v.trafilatura,
       v.rules,
       r.capture_id
FROM store.revision r
JOIN store.article a ON a.article_id = r.article_id
JOIN store.source s ON s.source_id = a.source_id
JOIN store.extraction e ON e.extraction_id = r.extraction_id
JOIN store.version v ON v.version_id = e.version_id;
COMMENT ON VIEW archive.revisions IS 'A row for each text a publisher put at an article''s URL; earlier ones are never overwritten.';
COMMENT ON COLUMN archive.revisions.revision_id IS 'Key.';
COMMENT ON COLUMN archive.revisions.article_id IS 'The story, as archive.articles.id.';
COMMENT ON COLUMN archive.revisions.source IS 'Name of the source.';
COMMENT ON COLUMN archive.revisions.url IS 'Canonical URL of the story.';
COMMENT ON COLUMN archive.revisions.number IS '1 for the text first seen, rising with each edit.';
COMMENT ON COLUMN archive.revisions.is_current IS 'Whether this is the text in archive.articles.';
COMMENT ON COLUMN archive.revisions.seen_at IS 'When we first saw this text.';
COMMENT ON COLUMN archive.revisions.title IS 'Headline of this revision.';
COMMENT ON COLUMN archive.revisions.summary IS 'Standfirst of this revision.';
COMMENT ON COLUMN archive.revisions.text IS 'Text of this revision.';
COMMENT ON COLUMN archive.revisions.language IS 'ISO 639-1.';
COMMENT ON COLUMN archive.revisions.authors IS 'Authors named in this revision.';
COMMENT ON COLUMN archive.revisions.published_at IS 'Publication time as this revision claims it.';
COMMENT ON COLUMN archive.revisions.modified_at IS 'Modification time as this revision claims it.';
COMMENT ON COLUMN archive.revisions.extraction_id IS 'The extraction shown here: the current one of this revision.';
COMMENT ON COLUMN archive.revisions.extracted_at IS 'When that extraction was made.';
COMMENT ON COLUMN archive.revisions.extractor IS 'Version of Wirekeep''s extraction code behind it.';
COMMENT ON COLUMN archive.revisions.trafilatura IS 'Version of trafilatura behind it.';
COMMENT ON COLUMN archive.revisions.rules IS 'Digest of the rule files behind it.';
COMMENT ON COLUMN archive.revisions.capture_id IS 'The capture that showed this text first, as in archive.captures.';

CREATE VIEW archive.captures AS
SELECT c.capture_id,
       c.url,
       c.purpose,
       s.name AS source,
       c.fetched_at,
       c.status,
       c.mime,
       c.location,
       c.etag,
       c.last_modified,
       c.payload_digest,
       encode(c.body_digest, 'hex') AS body_sha256,
       c.body_length,
       c.record_type,
       c.refers_to,
       c.truncated,
       w.path AS warc_path,
       c.warc_offset,
       c.warc_length,
       c.warc_record_id,
       c.ip_address,
       c.crawl_id
FROM store.capture c
JOIN store.warc_file w ON w.warc_file_id = c.warc_file_id
LEFT JOIN store.crawl k ON k.crawl_id = c.crawl_id
LEFT JOIN store.source s ON s.source_id = k.source_id;
COMMENT ON VIEW archive.captures IS 'A row for each HTTP exchange, and where its exact bytes lie.';
COMMENT ON COLUMN archive.captures.capture_id IS 'Key.';
COMMENT ON COLUMN archive.captures.url IS 'URL as requested; each redirect hop is a capture of its own.';
COMMENT ON COLUMN archive.captures.purpose IS 'What it was fetched as: article, feed, sitemap, section, robots, check.';
COMMENT ON COLUMN archive.captures.source IS 'Source whose crawl fetched it; null for robots.txt.';
COMMENT ON COLUMN archive.captures.fetched_at IS 'When the request was sent (WARC-Date).';
COMMENT ON COLUMN archive.captures.status IS 'HTTP status; null where none was read.';
COMMENT ON COLUMN archive.captures.mime IS 'Content-Type without its parameters.';
COMMENT ON COLUMN archive.captures.location IS 'Location header of a redirect.';
COMMENT ON COLUMN archive.captures.etag IS 'ETag header.';
COMMENT ON COLUMN archive.captures.last_modified IS 'Last-Modified header as sent.';
COMMENT ON COLUMN archive.captures.payload_digest IS 'WARC-Payload-Digest: over the payload as transferred.';
COMMENT ON COLUMN archive.captures.body_sha256 IS 'sha256 of the decoded body in hexadecimal digits: equal bodies have equal ones.';
COMMENT ON COLUMN archive.captures.body_length IS 'Bytes of the decoded body.';
COMMENT ON COLUMN archive.captures.record_type IS 'response, or revisit where the body was the same as before and is not kept twice.';
COMMENT ON COLUMN archive.captures.refers_to IS 'For a revisit: the capture that holds the body.';
COMMENT ON COLUMN archive.captures.truncated IS 'Why the record is not whole: length, time, disconnect, unspecified; null where it is.';
COMMENT ON COLUMN archive.captures.warc_path IS 'WARC file, relative to the WARC root; while it is written its name ends in .open.';
COMMENT ON COLUMN archive.captures.warc_offset IS 'Offset of the record in that file, in bytes.';
COMMENT ON COLUMN archive.captures.warc_length IS 'Length of the record''s gzip member, in bytes.';
COMMENT ON COLUMN archive.captures.warc_record_id IS 'WARC-Record-ID.';
COMMENT ON COLUMN archive.captures.ip_address IS 'Address that answered.';
COMMENT ON COLUMN archive.captures.crawl_id IS 'Crawl it belongs to, as in archive.crawls.';

CREATE VIEW archive.removals AS
SELECT a.article_id,
       s.name AS source,
       a.url,
       r.number AS revision,
       m.extraction_id,
       m.extraction_id = r.extraction_id AND r.revision_id = a.revision_id AS is_current,
       m.ordinal,
       m.start_at,
       m.span,
       m.rule,
       m.rule_version,
       m.zone
FROM store.removal m
JOIN store.extraction e ON e.extraction_id = m.extraction_id
JOIN store.revision r ON r.revision_id = e.revision_id
JOIN store.article a ON a.article_id = r.article_id
JOIN store.source s ON s.source_id = a.source_id;
COMMENT ON VIEW archive.removals IS 'What cleaning took out of each text, and why; archive.raw_text puts it back.';
COMMENT ON COLUMN archive.removals.article_id IS 'The story, as archive.articles.id.';
COMMENT ON COLUMN archive.removals.source IS 'Name of the source.';
COMMENT ON COLUMN archive.removals.url IS 'Canonical URL of the story.';
COMMENT ON COLUMN archive.removals.revision IS 'Number of the revision.';
COMMENT ON COLUMN archive.removals.extraction_id IS 'The extraction it was taken out of.';
COMMENT ON COLUMN archive.removals.is_current IS 'Whether that extraction is the one in archive.articles.';
COMMENT ON COLUMN archive.removals.ordinal IS 'Order within the extraction, from 0.';
COMMENT ON COLUMN archive.removals.start_at IS 'Where it stood in the raw extraction, in characters from 0.';
COMMENT ON COLUMN archive.removals.span IS 'The exact characters taken out.';
COMMENT ON COLUMN archive.removals.rule IS 'The rule that took it out.';
COMMENT ON COLUMN archive.removals.rule_version IS 'Version of that rule.';
COMMENT ON COLUMN archive.removals.zone IS 'lead, body or tail of the text.';

CREATE VIEW archive.credits AS
SELECT a.article_id,
       s.name AS source,
       a.url,
       r.number AS revision,
       c.extraction_id,
       c.extraction_id = r.extraction_id AND r.revision_id = a.revision_id AS is_current,
       c.ordinal,
       c.agency,
       c.matched,
       c.position,
       c.confidence,
       c.place
FROM store.credit c
JOIN store.extraction e ON e.extraction_id = c.extraction_id
JOIN store.revision r ON r.revision_id = e.revision_id
JOIN store.article a ON a.article_id = r.article_id
JOIN store.source s ON s.source_id = a.source_id;
COMMENT ON VIEW archive.credits IS 'The agencies behind each text, with the words that say so.';
COMMENT ON COLUMN archive.credits.article_id IS 'The story, as archive.articles.id.';
COMMENT ON COLUMN archive.credits.source IS 'Name of the source.';
COMMENT ON COLUMN archive.credits.url IS 'Canonical URL of the story.';
COMMENT ON COLUMN archive.credits.revision IS 'Number of the revision.';
COMMENT ON COLUMN archive.credits.extraction_id IS 'The extraction it was found in.';
COMMENT ON COLUMN archive.credits.is_current IS 'Whether that extraction is the one in archive.articles.';
COMMENT ON COLUMN archive.credits.ordinal IS 'Order within the extraction, from 0.';
COMMENT ON COLUMN archive.credits.agency IS 'Agency: Reuters, AFP, SPA …';
COMMENT ON COLUMN archive.credits.matched IS 'The words on the page that name it.';
COMMENT ON COLUMN archive.credits.position IS 'Where they stood: dateline, byline, signoff, credit_line, jsonld, meta.';
COMMENT ON COLUMN archive.credits.confidence IS '0 to 1.';
COMMENT ON COLUMN archive.credits.place IS 'Place in the same dateline.';

CREATE VIEW archive.sources AS
SELECT s.source_id AS id,
       s.name,
       CASE WHEN s.retired_at IS NOT NULL THEN 'retired'
            WHEN NOT s.enabled THEN 'disabled'
            WHEN s.paused_at IS NOT NULL THEN 'paused'
            WHEN s.failures > 0 THEN 'failing'
            ELSE 'active' END AS state,
       t.settings ->> 'language' AS language,
       coalesce(t.settings ->> 'every', t.settings ->> 'cron') AS schedule,
       ARRAY(SELECT h.host FROM store.source_host h WHERE h.source_id = s.source_id ORDER BY h.host) AS hosts,
       s.paused_at,
       s.paused_why,
       s.retired_at,
       to_timestamp(s.last_slot) AS last_slot_at,
       s.crawled_at,
       s.failures,
       s.last_error,
       (SELECT count(*) FROM store.frontier f WHERE f.source_id = s.source_id AND f.due_at <= now()) AS owed,
       (SELECT count(*) FROM store.frontier f WHERE f.source_id = s.source_id AND f.due_at > now()) AS planned,
       (SELECT count(*) FROM store.article a WHERE a.source_id = s.source_id) AS articles,
       (SELECT max(a.first_seen_at) FROM store.article a WHERE a.source_id = s.source_id) AS last_article_at,
       s.created_at,
       t.settings,
       t.applied_at AS settings_since
FROM store.source s
JOIN store.source_setting t ON t.setting_id = s.setting_id;
COMMENT ON VIEW archive.sources IS 'The sites and feeds that are watched, and how they fare.';
COMMENT ON COLUMN archive.sources.id IS 'Key.';
COMMENT ON COLUMN archive.sources.name IS 'Name in sources.toml.';
COMMENT ON COLUMN archive.sources.state IS 'active, failing (the last crawl could read no discovery document), paused, disabled (in sources.toml), retired (gone from it).';
COMMENT ON COLUMN archive.sources.language IS 'Language that sources.toml says.';
COMMENT ON COLUMN archive.sources.schedule IS 'every or cron, as in sources.toml.';
COMMENT ON COLUMN archive.sources.hosts IS 'Host names that it covers.';
COMMENT ON COLUMN archive.sources.paused_at IS 'When an operator paused it.';
COMMENT ON COLUMN archive.sources.paused_why IS 'The reason given.';
COMMENT ON COLUMN archive.sources.retired_at IS 'When it went from sources.toml; its articles stay.';
COMMENT ON COLUMN archive.sources.last_slot_at IS 'The latest due moment that became a job.';
COMMENT ON COLUMN archive.sources.crawled_at IS 'When a crawl of it last ended.';
COMMENT ON COLUMN archive.sources.failures IS 'Crawls in a row that failed.';
COMMENT ON COLUMN archive.sources.last_error IS 'What the last failed crawl said; null after a good one.';
COMMENT ON COLUMN archive.sources.owed IS 'URLs due now: new, retries, revisits.';
COMMENT ON COLUMN archive.sources.planned IS 'URLs due later.';
COMMENT ON COLUMN archive.sources.articles IS 'Stories in the archive.';
COMMENT ON COLUMN archive.sources.last_article_at IS 'When the newest of them was first seen.';
COMMENT ON COLUMN archive.sources.created_at IS 'When it first stood in sources.toml.';
COMMENT ON COLUMN archive.sources.settings IS 'Its settings in force, defaults filled in; secrets stand as ${NAME}.';
COMMENT ON COLUMN archive.sources.settings_since IS 'Since when.';

CREATE VIEW archive.coverage AS
SELECT s.name AS source,
       (f.announced_at AT TIME ZONE 'UTC')::date AS day,
       count(*) AS announced,
       count(*) FILTER (WHERE f.capture_id IS NOT NULL) AS fetched,
       count(*) FILTER (WHERE f.article_id IS NOT NULL AND f.outcome IS DISTINCT FROM 'duplicate') AS stored,
       count(*) FILTER (WHERE f.outcome IS NULL) AS pending,
       count(*) FILTER (WHERE f.outcome = 'stored') AS outcome_stored,
       count(*) FILTER (WHERE f.outcome = 'unchanged') AS outcome_unchanged,
       count(*) FILTER (WHERE f.outcome = 'duplicate') AS outcome_duplicate,
       count(*) FILTER (WHERE f.outcome = 'rejected') AS outcome_rejected,
       count(*) FILTER (WHERE f.outcome = 'gone') AS outcome_gone,
       count(*) FILTER (WHERE f.outcome = 'failed') AS outcome_failed,
       count(*) FILTER (WHERE f.outcome = 'blocked') AS outcome_blocked,
       count(*) FILTER (WHERE f.outcome = 'robots') AS outcome_robots,
       count(*) FILTER (WHERE f.outcome = 'not_allowed') AS outcome_not_allowed,
       count(*) FILTER (WHERE f.outcome = 'too_old') AS outcome_too_old,
       count(*) FILTER (WHERE f.outcome = 'over_cap') AS outcome_over_cap
FROM store.frontier f
JOIN store.source s ON s.source_id = f.source_id
GROUP BY s.name, (f.announced_at AT TIME ZONE 'UTC')::date;
COMMENT ON VIEW archive.coverage IS 'What became of every URL, by source and day of its first announcement. The outcome_ columns and pending add up to announced.';
COMMENT ON COLUMN archive.coverage.source IS 'Name of the source that announced them first.';
COMMENT ON COLUMN archive.coverage.day IS 'Day of the first announcement, in UTC.';
COMMENT ON COLUMN archive.coverage.announced IS 'URLs announced (or asked for) for the first time.';
COMMENT ON COLUMN archive.coverage.fetched IS 'Of these, URLs whose page has arrived at least once, article or not.';
COMMENT ON COLUMN archive.coverage.stored IS 'Of these, URLs whose story is in the archive, also where its last look found it unchanged or gone.';
COMMENT ON COLUMN archive.coverage.pending IS 'Of these, URLs without an outcome yet: owed a fetch.';
COMMENT ON COLUMN archive.coverage.outcome_stored IS 'Last outcome: stored or revised.';
COMMENT ON COLUMN archive.coverage.outcome_unchanged IS 'Last outcome: looked at again, the same.';
COMMENT ON COLUMN archive.coverage.outcome_duplicate IS 'Last outcome: another URL of a story that is stored.';
COMMENT ON COLUMN archive.coverage.outcome_rejected IS 'Last outcome: no article; archive.outcomes.reason says why.';
COMMENT ON COLUMN archive.coverage.outcome_gone IS 'Last outcome: 404 or 410.';
COMMENT ON COLUMN archive.coverage.outcome_failed IS 'Last outcome: could not be fetched, given up.';
COMMENT ON COLUMN archive.coverage.outcome_blocked IS 'Last outcome: refused by the site (401, 403, 451) or by the address guard.';
COMMENT ON COLUMN archive.coverage.outcome_robots IS 'Last outcome: robots.txt does not allow it.';
COMMENT ON COLUMN archive.coverage.outcome_not_allowed IS 'Last outcome: a pattern of the source refuses it.';
COMMENT ON COLUMN archive.coverage.outcome_too_old IS 'Last outcome: older than the source''s backfill on its first crawl.';
COMMENT ON COLUMN archive.coverage.outcome_over_cap IS 'Last outcome: beyond the cap of one document.';

CREATE VIEW archive.requests AS
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
            WHEN q.kind = 'source'
                THEN (SELECT count(*) FROM store.frontier o WHERE o.request_id = q.request_id) || ' URLs to fetch'
            ELSE 'a free worker' END AS waits_for,
       q.outcome,
       q.reason,
       coalesce(f.article_id, r.article_id) AS article_id,
       q.revision_id
FROM store.request q
JOIN store.source s ON s.source_id = q.source_id
LEFT JOIN store.frontier f ON f.frontier_id = q.frontier_id
LEFT JOIN store.host h ON h.host = f.host
LEFT JOIN store.revision r ON r.revision_id = q.revision_id;
COMMENT ON VIEW archive.requests IS 'Re-crawls asked for by archive.recrawl, archive.recrawl_source or the command line.';
COMMENT ON COLUMN archive.requests.id IS 'What archive.recrawl returned; the same while one for the same URL waits.';
COMMENT ON COLUMN archive.requests.kind IS 'url or source.';
COMMENT ON COLUMN archive.requests.asked IS 'URL or source as asked.';
COMMENT ON COLUMN archive.requests.key IS 'The URL that is fetched, or source and since.';
COMMENT ON COLUMN archive.requests.source IS 'The source that covers it.';
COMMENT ON COLUMN archive.requests.since IS 'For a source: articles first seen since then; null for all.';
COMMENT ON COLUMN archive.requests.force IS 'Whether the body is fetched and extracted even where it has not changed.';
COMMENT ON COLUMN archive.requests.asked_by IS 'Role that asked.';
COMMENT ON COLUMN archive.requests.asked_at IS 'When it was asked.';
COMMENT ON COLUMN archive.requests.started_at IS 'When a worker first took it up.';
COMMENT ON COLUMN archive.requests.finished_at IS 'When it ended.';
COMMENT ON COLUMN archive.requests.state IS 'waiting, running or done.';
COMMENT ON COLUMN archive.requests.waits_for IS 'What it waits for, in words; null once it is done.';
COMMENT ON COLUMN archive.requests.outcome IS 'How it ended: an outcome as in archive.outcomes, or done for a source.';
COMMENT ON COLUMN archive.requests.reason IS 'Why it ended so.';
COMMENT ON COLUMN archive.requests.article_id IS 'The story it led to, as archive.articles.id.';
COMMENT ON COLUMN archive.requests.revision_id IS 'The revision in force when it ended.';

CREATE VIEW archive.announcements AS
SELECT n.announcement_id AS id,
       s.name AS source,
       d.url AS document,
       d.kind AS document_kind,
       f.url,
       n.url AS announced_url,
       n.guid,
       n.title,
       n.summary,
       n.content,
       n.authors,
       n.tags,
       n.language,
       n.published_at::timestamptz AS published_at,
       n.published ->> 'raw' AS published_raw,
       n.modified_at::timestamptz AS modified_at,
       n.rule,
       n.first_seen_at,
       n.last_seen_at,
       n.crawl_id,
       f.article_id
FROM store.announcement n
JOIN store.document d ON d.document_id = n.document_id
JOIN store.source s ON s.source_id = d.source_id
JOIN store.frontier f ON f.frontier_id = n.frontier_id;
COMMENT ON VIEW archive.announcements IS 'Each link seen in a feed, sitemap or section page, with what that document said of it.';
COMMENT ON COLUMN archive.announcements.id IS 'Key.';
COMMENT ON COLUMN archive.announcements.source IS 'Name of the source whose document it is.';
COMMENT ON COLUMN archive.announcements.document IS 'URL of the document.';
COMMENT ON COLUMN archive.announcements.document_kind IS 'feed, sitemap or section.';
COMMENT ON COLUMN archive.announcements.url IS 'Canonical URL of the link, as in archive.outcomes.';
COMMENT ON COLUMN archive.announcements.announced_url IS 'The link as the document has it.';
COMMENT ON COLUMN archive.announcements.guid IS 'The document''s own id for it.';
COMMENT ON COLUMN archive.announcements.title IS 'The document''s title for it.';
COMMENT ON COLUMN archive.announcements.summary IS 'The document''s summary.';
COMMENT ON COLUMN archive.announcements.content IS 'Full content as HTML where the document carried it.';
COMMENT ON COLUMN archive.announcements.authors IS 'Authors as named there.';
COMMENT ON COLUMN archive.announcements.tags IS 'Categories.';
COMMENT ON COLUMN archive.announcements.language IS 'Language as claimed there.';
COMMENT ON COLUMN archive.announcements.published_at IS 'Publication time as claimed there.';
COMMENT ON COLUMN archive.announcements.published_raw IS 'The string it was read from.';
COMMENT ON COLUMN archive.announcements.modified_at IS 'Modification time as claimed there.';
COMMENT ON COLUMN archive.announcements.rule IS 'The pattern that kept or dropped the link.';
COMMENT ON COLUMN archive.announcements.first_seen_at IS 'First seen so; changed metadata is a new row.';
COMMENT ON COLUMN archive.announcements.last_seen_at IS 'Last seen so, to the hour.';
COMMENT ON COLUMN archive.announcements.crawl_id IS 'Crawl that saw it first, as in archive.crawls.';
COMMENT ON COLUMN archive.announcements.article_id IS 'The story it led to, as archive.articles.id.';

CREATE VIEW archive.outcomes AS
SELECT f.frontier_id AS id,
       f.url,
       f.host,
       s.name AS source,
       n.title,
       f.announced_at,
       f.dated_at::timestamptz AS dated_at,
       f.outcome::text AS outcome,
       f.reason,
       f.outcome_at,
       f.due_at,
       f.due_why,
       f.attempts,
       f.revisits,
       f.leased_until,
       f.last_error,
       f.article_id
FROM store.frontier f
JOIN store.source s ON s.source_id = f.source_id
LEFT JOIN store.announcement n ON n.announcement_id = f.announcement_id;
COMMENT ON VIEW archive.outcomes IS 'A row for every URL ever announced or asked for: how it ended, or what it is owed.';
COMMENT ON COLUMN archive.outcomes.id IS 'Key.';
COMMENT ON COLUMN archive.outcomes.url IS 'Canonicalised URL.';
COMMENT ON COLUMN archive.outcomes.host IS 'Its host.';
COMMENT ON COLUMN archive.outcomes.source IS 'Name of the source that announced it first.';
COMMENT ON COLUMN archive.outcomes.title IS 'Title as announced.';
COMMENT ON COLUMN archive.outcomes.announced_at IS 'When it was first announced.';
COMMENT ON COLUMN archive.outcomes.dated_at IS 'Date that the announcement claimed.';
COMMENT ON COLUMN archive.outcomes.outcome IS 'stored, unchanged, not_allowed, too_old, over_cap, robots, blocked, duplicate, rejected, gone, failed; null while none was reached.';
COMMENT ON COLUMN archive.outcomes.reason IS 'Why.';
COMMENT ON COLUMN archive.outcomes.outcome_at IS 'When that was found.';
COMMENT ON COLUMN archive.outcomes.due_at IS 'When it is owed another fetch; null when none is owed.';
COMMENT ON COLUMN archive.outcomes.due_why IS 'new, retry, revisit, request, paused (its host was).';
COMMENT ON COLUMN archive.outcomes.attempts IS 'Failed attempts since the last outcome.';
COMMENT ON COLUMN archive.outcomes.revisits IS 'Revisits done.';
COMMENT ON COLUMN archive.outcomes.leased_until IS 'A crawl has it in hand until then.';
COMMENT ON COLUMN archive.outcomes.last_error IS 'What the last failed attempt said.';
COMMENT ON COLUMN archive.outcomes.article_id IS 'The story it led to, as archive.articles.id.';

CREATE VIEW archive.attempts AS
SELECT t.attempt_id AS id,
       f.url,
       s.name AS source,
       t.at,
       t.result,
       t.detail,
       t.status,
       t.next_due_at,
       t.capture_id,
       t.crawl_id
FROM store.attempt t
JOIN store.frontier f ON f.frontier_id = t.frontier_id
JOIN store.source s ON s.source_id = f.source_id;
COMMENT ON VIEW archive.attempts IS 'Each time a URL was taken up, and what came of it.';
COMMENT ON COLUMN archive.attempts.id IS 'Key.';
COMMENT ON COLUMN archive.attempts.url IS 'Canonicalised URL.';
COMMENT ON COLUMN archive.attempts.source IS 'Name of the source.';
COMMENT ON COLUMN archive.attempts.at IS 'When it ended.';
COMMENT ON COLUMN archive.attempts.result IS 'An outcome as in archive.outcomes, or retry, or postponed.';
COMMENT ON COLUMN archive.attempts.detail IS 'Why, in words.';
COMMENT ON COLUMN archive.attempts.status IS 'HTTP status, where one was read.';
COMMENT ON COLUMN archive.attempts.next_due_at IS 'When the next attempt was owed.';
COMMENT ON COLUMN archive.attempts.capture_id IS 'Its exchange, as in archive.captures.';
COMMENT ON COLUMN archive.attempts.crawl_id IS 'Its crawl, as in archive.crawls.';

CREATE VIEW archive.documents AS
SELECT d.document_id AS id,
       s.name AS source,
       d.url,
       d.kind,
       d.configured,
       p.url AS parent,
       d.dialect,
       d.checked_at,
       d.changed_at,
       d.outcome,
       d.error,
       d.failures,
       d.links,
       d.over_cap,
       d.malformed,
       d.capture_id
FROM store.document d
JOIN store.source s ON s.source_id = d.source_id
LEFT JOIN store.document p ON p.document_id = d.parent_id;
COMMENT ON VIEW archive.documents IS 'The feeds, sitemaps and section pages that are read, and how reading them fares.';
COMMENT ON COLUMN archive.documents.id IS 'Key.';
COMMENT ON COLUMN archive.documents.source IS 'Name of the source.';
COMMENT ON COLUMN archive.documents.url IS 'Its URL.';
COMMENT ON COLUMN archive.documents.kind IS 'feed, sitemap or section.';
COMMENT ON COLUMN archive.documents.configured IS 'Whether sources.toml names it now.';
COMMENT ON COLUMN archive.documents.parent IS 'The sitemap index that named it.';
COMMENT ON COLUMN archive.documents.dialect IS 'What it turned out to be: rss2, atom, newssitemap …';
COMMENT ON COLUMN archive.documents.checked_at IS 'When it was last fetched.';
COMMENT ON COLUMN archive.documents.changed_at IS 'When it last had a new body.';
COMMENT ON COLUMN archive.documents.outcome IS 'read, unchanged, robots, blocked, paused or failed.';
COMMENT ON COLUMN archive.documents.error IS 'Why it was not read; null where it was.';
COMMENT ON COLUMN archive.documents.failures IS 'Failures in a row.';
COMMENT ON COLUMN archive.documents.links IS 'Links in the last body.';
COMMENT ON COLUMN archive.documents.over_cap IS 'Entries of it beyond the cap.';
COMMENT ON COLUMN archive.documents.malformed IS 'How it was broken; null for a well-formed one.';
COMMENT ON COLUMN archive.documents.capture_id IS 'The exchange that brought its last body, as in archive.captures.';

CREATE VIEW archive.crawls AS
SELECT k.crawl_id AS id,
       s.name AS source,
       k.kind,
       to_timestamp(k.slot) AS slot_at,
       k.state,
       k.reason,
       k.started_at,
       k.finished_at,
       k.counts,
       p.host AS worker_host,
       p.pid AS worker_pid
FROM store.crawl k
JOIN store.source s ON s.source_id = k.source_id
LEFT JOIN store.process p ON p.process_id = k.process_id;
COMMENT ON VIEW archive.crawls IS 'A row for each run over a source.';
COMMENT ON COLUMN archive.crawls.id IS 'Key.';
COMMENT ON COLUMN archive.crawls.source IS 'Name of the source.';
COMMENT ON COLUMN archive.crawls.kind IS 'scheduled, manual (wirekeep crawl), owed (retries and revisits that came due) or request (recrawl).';
COMMENT ON COLUMN archive.crawls.slot_at IS 'The due moment of a scheduled one.';
COMMENT ON COLUMN archive.crawls.state IS 'running, finished, failed, abandoned (its worker died) or handed_back (its worker was stopped).';
COMMENT ON COLUMN archive.crawls.reason IS 'Why it ended so, or what went wrong on the way.';
COMMENT ON COLUMN archive.crawls.started_at IS 'When a worker took it up.';
COMMENT ON COLUMN archive.crawls.finished_at IS 'When it ended, however it ended.';
COMMENT ON COLUMN archive.crawls.counts IS 'documents, announced, new, fetched, a count for each outcome, postponed, bytes.';
COMMENT ON COLUMN archive.crawls.worker_host IS 'Machine of the worker.';
COMMENT ON COLUMN archive.crawls.worker_pid IS 'Its process number there.';

-- For the store's own statements.

CREATE VIEW store.kept_capture AS
SELECT c.capture_id,
       c.url AS capture_url,
       c.fetched_at AS capture_fetched_at,
       c.status AS capture_status,
       c.mime AS capture_mime,
       n.etag AS capture_etag,
       n.last_modified AS capture_last_modified,
       b.payload_digest AS capture_payload_digest,
       c.body_digest AS capture_body_digest,
       c.record_type AS capture_record_type,
       c.truncated AS capture_truncated,
       b.warc_file_id AS capture_file_id,
       w.path AS capture_path,
       b.warc_offset AS capture_offset,
       b.warc_length AS capture_length,
       b.warc_record_id AS capture_record_id
FROM store.capture c
JOIN store.capture b ON b.capture_id = coalesce(c.refers_to, c.capture_id)
JOIN store.warc_file w ON w.warc_file_id = b.warc_file_id,
LATERAL (SELECT v.etag, v.last_modified, v.status
         FROM store.capture v
         WHERE v.url_hash = c.url_hash AND coalesce(v.refers_to, v.capture_id) = b.capture_id
         ORDER BY v.status IS NOT DISTINCT FROM 200 DESC, v.fetched_at DESC, v.capture_id DESC
         LIMIT 1) AS n;
COMMENT ON VIEW store.kept_capture IS 'Captures as the crawler needs them: the place of the record that holds the bytes, and the newest validators sent with that same body.';
COMMENT ON COLUMN store.kept_capture.capture_id IS 'Key.';
COMMENT ON COLUMN store.kept_capture.capture_url IS 'URL as requested.';
COMMENT ON COLUMN store.kept_capture.capture_fetched_at IS 'When.';
COMMENT ON COLUMN store.kept_capture.capture_status IS 'HTTP status.';
COMMENT ON COLUMN store.kept_capture.capture_mime IS 'Content-Type without parameters.';
COMMENT ON COLUMN store.kept_capture.capture_etag IS 'ETag of the last whole answer with this body.';
COMMENT ON COLUMN store.kept_capture.capture_last_modified IS 'Last-Modified of it.';
COMMENT ON COLUMN store.kept_capture.capture_payload_digest IS 'WARC-Payload-Digest of the record that holds the bytes.';
COMMENT ON COLUMN store.kept_capture.capture_body_digest IS 'sha256 of the decoded body.';
COMMENT ON COLUMN store.kept_capture.capture_record_type IS 'response or revisit.';
COMMENT ON COLUMN store.kept_capture.capture_truncated IS 'WARC-Truncated.';
COMMENT ON COLUMN store.kept_capture.capture_file_id IS 'WARC file that holds the bytes.';
COMMENT ON COLUMN store.kept_capture.capture_path IS 'Its path.';
COMMENT ON COLUMN store.kept_capture.capture_offset IS 'Offset there.';
COMMENT ON COLUMN store.kept_capture.capture_length IS 'Length there.';
COMMENT ON COLUMN store.kept_capture.capture_record_id IS 'WARC-Record-ID there.';
