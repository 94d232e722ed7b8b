-- name: insert_sighting
-- What a new article shows of its host's template; once an article.
INSERT INTO store.host_sighting (article_id, host, seen_at, lines, samples, zones, paragraphs)
VALUES (%(article_id)s, %(host)s, %(seen_at)s, %(lines)s, %(samples)s, %(zones)s, %(paragraphs)s)
ON CONFLICT (article_id) DO NOTHING;

-- name: lock_host_lines
-- One learner a host at a time, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('wirekeep host lines ' || %(host)s, 0));

-- name: list_sightings
-- The host's newest articles, newest first, with the day each is dated.
SELECT w.article_id, (a.dated_at AT TIME ZONE 'UTC')::date AS day, w.seen_at, w.lines, w.samples, w.zones, w.paragraphs
FROM store.host_sighting w
JOIN store.article a ON a.article_id = w.article_id
WHERE w.host = %(host)s
ORDER BY w.article_id DESC
LIMIT %(window)s;

-- name: prune_sightings
-- Articles that fell out of the window.
DELETE FROM store.host_sighting
WHERE host = %(host)s AND article_id < %(oldest)s;

-- name: list_host_lines
-- What is known of a host's lines.
SELECT line_id, line, state FROM store.host_line WHERE host = %(host)s;

-- name: put_host_line
-- A line with its state and what the window says of it; a state that stays keeps its date.
INSERT INTO store.host_line AS l (
    host, line, line_hash, sample, state, state_since, stories, articles, days, share, at_an_end, first_seen,
    last_seen, examples)
VALUES (
    %(host)s, %(line)s, %(line_hash)s, %(sample)s, %(state)s, now(), %(stories)s, %(articles)s, %(days)s, %(share)s,
    %(at_an_end)s, %(first_seen)s, %(last_seen)s, %(examples)s)
ON CONFLICT (host, line_hash) DO UPDATE
SET sample = excluded.sample,
    state = excluded.state,
    state_since = CASE WHEN l.state = excluded.state THEN l.state_since ELSE excluded.state_since END,
    stories = excluded.stories,
    articles = excluded.articles,
    days = excluded.days,
    share = excluded.share,
    at_an_end = excluded.at_an_end,
    first_seen = least(l.first_seen, excluded.first_seen),
    last_seen = greatest(l.last_seen, excluded.last_seen),
    examples = excluded.examples;

-- name: retire_host_lines
-- Lines that were applied and have gone from the window altogether.
UPDATE store.host_line
SET state = 'retired', state_since = now()
WHERE line_id = ANY(%(line_ids)s) AND state <> 'retired';

-- name: delete_host_lines
-- Lines that no longer recur and were never applied.
DELETE FROM store.host_line WHERE line_id = ANY(%(line_ids)s);

-- name: trim_host_lines
-- Keep at most so many lines a host that nobody decided on and no page is read by: the last seen stay.
DELETE FROM store.host_line
WHERE line_id IN (
    SELECT l.line_id FROM store.host_line l
    WHERE l.host = %(host)s AND l.state IN ('proposed', 'retired')
    ORDER BY l.last_seen DESC, l.articles DESC, l.line_id
    OFFSET %(most)s);

-- name: find_host_state
-- The host's state in force; no row where it never had one.
SELECT version, lines FROM store.host_state WHERE host = %(host)s ORDER BY version DESC LIMIT 1;

-- name: insert_host_state
-- A new state of a host.
INSERT INTO store.host_state (host, lines, made_at, why)
VALUES (%(host)s, %(lines)s, now(), %(why)s)
RETURNING version;

-- name: list_lines_in_force
-- The lines that cleaning takes out on a host.
SELECT line FROM store.host_line WHERE host = %(host)s AND state IN ('applied', 'accepted');

-- name: decide_host_line
-- What an operator decided on a line.
UPDATE store.host_line
SET state = %(state)s, state_since = CASE WHEN state = %(state)s THEN state_since ELSE now() END
WHERE line_id = %(line_id)s;

-- name: list_boilerplate
-- The lines of a source's hosts: what is taken out first, then what is proposed.
SELECT b.id, b.host, b.line, b.state, b.state_since, b.articles, b.stories, b.days, b.share, b.at_an_end, b.first_seen,
       b.last_seen, b.examples
FROM archive.boilerplate b
WHERE b.source = %(source)s
ORDER BY array_position(ARRAY['accepted', 'applied', 'proposed', 'retired', 'rejected'], b.state), b.articles DESC, b.id;
