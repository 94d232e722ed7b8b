-- Boilerplate learned per host: sightings (a window), lines with their state, host states (append-only).

CREATE TABLE store.host_sighting (
    article_id  bigint PRIMARY KEY REFERENCES store.article,
    host        text NOT NULL,
    seen_at     timestamptz NOT NULL,
    lines       text[] NOT NULL,
    samples     text[] NOT NULL,
    zones       text[] NOT NULL,
    paragraphs  bigint[] NOT NULL,
    CHECK (cardinality(lines) = cardinality(samples) AND cardinality(lines) = cardinality(zones))
);
CREATE INDEX ON store.host_sighting (host, article_id DESC);
COMMENT ON TABLE store.host_sighting IS 'What the newest articles of a host show of its template, a row an article; those that fell out of the window are deleted when the host is learned.';
COMMENT ON COLUMN store.host_sighting.article_id IS 'The article, as it was when first saved; it counts once, whatever becomes of it.';
COMMENT ON COLUMN store.host_sighting.host IS 'Host that served it, in lower case, with :port where it is not the default.';
COMMENT ON COLUMN store.host_sighting.seen_at IS 'When it was fetched.';
COMMENT ON COLUMN store.host_sighting.lines IS 'Lines that could be boilerplate, folded: words in one spelling.';
COMMENT ON COLUMN store.host_sighting.samples IS 'The same lines as they stood.';
COMMENT ON COLUMN store.host_sighting.zones IS 'Where each stood: lead, body or tail of the text.';
COMMENT ON COLUMN store.host_sighting.paragraphs IS 'Hashes of its paragraphs: articles that share half of them tell one story.';

CREATE TABLE store.host_line (
    line_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host        text NOT NULL,
    line        text NOT NULL,
    line_hash   bytea NOT NULL,
    sample      text NOT NULL,
    state       text NOT NULL CHECK (state IN ('proposed', 'applied', 'accepted', 'rejected', 'retired')),
    state_since timestamptz NOT NULL,
    stories     integer NOT NULL,
    articles    integer NOT NULL,
    days        integer NOT NULL,
    share       real NOT NULL CHECK (share BETWEEN 0 AND 1),
    at_an_end   real NOT NULL CHECK (at_an_end BETWEEN 0 AND 1),
    first_seen  timestamptz NOT NULL,
    last_seen   timestamptz NOT NULL,
    examples    bigint[] NOT NULL,
    UNIQUE (host, line_hash)
);
COMMENT ON TABLE store.host_line IS 'Lines that recur on different stories of a host. The counts are of the last look that found them in the window.';
COMMENT ON COLUMN store.host_line.line_id IS 'Key; `wirekeep boilerplate` takes it.';
COMMENT ON COLUMN store.host_line.host IS 'Host.';
COMMENT ON COLUMN store.host_line.line IS 'The line folded: words in one spelling, as it is compared.';
COMMENT ON COLUMN store.host_line.line_hash IS 'sha256 of line.';
COMMENT ON COLUMN store.host_line.sample IS 'The line as it stood on the newest article that has it.';
COMMENT ON COLUMN store.host_line.state IS 'proposed (recurs, not yet beyond doubt), applied (taken out), accepted or rejected (an operator decided), retired (was applied; the newest articles lack it).';
COMMENT ON COLUMN store.host_line.state_since IS 'Since when.';
COMMENT ON COLUMN store.host_line.stories IS 'Different stories in the window that have it.';
COMMENT ON COLUMN store.host_line.articles IS 'Articles in the window that have it.';
COMMENT ON COLUMN store.host_line.days IS 'Different days (UTC, of the articles'' dates) on which they lie.';
COMMENT ON COLUMN store.host_line.share IS 'stories as a share of the articles in the window, 0 to 1.';
COMMENT ON COLUMN store.host_line.at_an_end IS 'Share of its sightings in lead or tail of the text, 0 to 1.';
COMMENT ON COLUMN store.host_line.first_seen IS 'When the first article with it was fetched.';
COMMENT ON COLUMN store.host_line.last_seen IS 'When the last one was.';
COMMENT ON COLUMN store.host_line.examples IS 'The newest articles that have it.';

CREATE TABLE store.host_state (
    version  integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host     text NOT NULL,
    lines    text[] NOT NULL,
    made_at  timestamptz NOT NULL,
    why      text NOT NULL CHECK (why IN ('learned', 'decided'))
);
CREATE INDEX ON store.host_state (host, version DESC);
COMMENT ON TABLE store.host_state IS 'Every set of learned lines that a host ever had; append-only, so that any extraction can be computed again.';
COMMENT ON COLUMN store.host_state.version IS 'Key over all hosts, as in store.version.host_state; 0 there means no lines.';
COMMENT ON COLUMN store.host_state.host IS 'Host.';
COMMENT ON COLUMN store.host_state.lines IS 'The lines that cleaning takes out, folded, in order.';
COMMENT ON COLUMN store.host_state.made_at IS 'Since when new pages are read by it.';
COMMENT ON COLUMN store.host_state.why IS 'learned (lines recurred or aged out) or decided (an operator accepted or rejected one).';

CREATE FUNCTION store.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'store.% is append-only: extractions name its rows by version', TG_TABLE_NAME;
END
$$;
COMMENT ON FUNCTION store.refuse_change() IS 'Keeps an append-only table from being changed.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON store.host_state
    FOR EACH STATEMENT EXECUTE FUNCTION store.refuse_change();

CREATE VIEW archive.boilerplate AS
SELECT l.line_id AS id,
       l.host,
       s.name AS source,
       l.sample AS line,
       l.state,
       l.state_since,
       l.articles,
       l.stories,
       l.days,
       l.share,
       l.at_an_end,
       l.first_seen,
       l.last_seen,
       ARRAY(SELECT a.url FROM unnest(l.examples) WITH ORDINALITY AS e (article_id, place)
             JOIN store.article a ON a.article_id = e.article_id ORDER BY e.place) AS examples
FROM store.host_line l
LEFT JOIN store.source_host h ON h.host = l.host
LEFT JOIN store.source s ON s.source_id = h.source_id;
COMMENT ON VIEW archive.boilerplate IS 'Lines that recur on a host''s articles, and whether cleaning takes them out; a row for each line and source of that host.';
COMMENT ON COLUMN archive.boilerplate.id IS 'Key of the line, as `wirekeep boilerplate` takes it.';
COMMENT ON COLUMN archive.boilerplate.host IS 'Host name.';
COMMENT ON COLUMN archive.boilerplate.source IS 'A source that covers the host; null where none does any more.';
COMMENT ON COLUMN archive.boilerplate.line IS 'The line as it stood on the newest article that has it.';
COMMENT ON COLUMN archive.boilerplate.state IS 'proposed, applied (taken out of texts), accepted or rejected by an operator, retired (was applied; the newest articles lack it).';
COMMENT ON COLUMN archive.boilerplate.state_since IS 'Since when.';
COMMENT ON COLUMN archive.boilerplate.articles IS 'Articles that have it, of the host''s newest 100.';
COMMENT ON COLUMN archive.boilerplate.stories IS 'Different stories among them.';
COMMENT ON COLUMN archive.boilerplate.days IS 'Different days on which these lie.';
COMMENT ON COLUMN archive.boilerplate.share IS 'Stories as a share of the articles looked at, 0 to 1.';
COMMENT ON COLUMN archive.boilerplate.at_an_end IS 'Share of its sightings before or after the text''s paragraphs, 0 to 1.';
COMMENT ON COLUMN archive.boilerplate.first_seen IS 'When the first article with it was fetched.';
COMMENT ON COLUMN archive.boilerplate.last_seen IS 'When the last one was.';
COMMENT ON COLUMN archive.boilerplate.examples IS 'URLs of the newest articles that have it.';

CREATE VIEW archive.host_states AS
SELECT t.version, t.host, t.lines, t.made_at, t.why FROM store.host_state t;
COMMENT ON VIEW archive.host_states IS 'Every set of learned lines that a host''s pages were ever read by.';
COMMENT ON COLUMN archive.host_states.version IS 'Version, as extractions name it.';
COMMENT ON COLUMN archive.host_states.host IS 'Host name.';
COMMENT ON COLUMN archive.host_states.lines IS 'The lines, folded: words in one spelling.';
COMMENT ON COLUMN archive.host_states.made_at IS 'Since when.';
COMMENT ON COLUMN archive.host_states.why IS 'learned or decided.';
