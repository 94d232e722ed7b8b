-- Articles, revisions, extractions and their evidence.

CREATE TABLE store.version (
    version_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest       bytea NOT NULL UNIQUE,
    extractor    integer NOT NULL,
    trafilatura  text NOT NULL,
    rules        text NOT NULL,
    site         text NOT NULL,
    host_state   integer NOT NULL DEFAULT 0,
    made_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE store.version IS 'A set of versions of code, rules and host state. The same set and the same bytes give the same extraction.';
COMMENT ON COLUMN store.version.version_id IS 'Key.';
COMMENT ON COLUMN store.version.digest IS 'sha256 over the other columns.';
COMMENT ON COLUMN store.version.extractor IS 'Version of Wirekeep''s extraction code.';
COMMENT ON COLUMN store.version.trafilatura IS 'Version of trafilatura.';
COMMENT ON COLUMN store.version.rules IS 'Digest over rule and agency files.';
COMMENT ON COLUMN store.version.site IS 'Digest over the source''s own rules.';
COMMENT ON COLUMN store.version.host_state IS 'Version of the learned host state.';
COMMENT ON COLUMN store.version.made_at IS 'First used.';

CREATE TABLE store.article (
    article_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id      integer NOT NULL REFERENCES store.source,
    url            text NOT NULL,
    url_hash       bytea NOT NULL UNIQUE,
    fetch_url_hash bytea NOT NULL,
    first_seen_at  timestamptz NOT NULL,
    last_seen_at   timestamptz NOT NULL,
    dated_at       timestamptz NOT NULL,
    dated_by       text NOT NULL CHECK (dated_by IN ('published', 'feed', 'first_seen')),
    revision_id    bigint,
    edits          integer NOT NULL DEFAULT 0,
    gone_at        timestamptz,
    gone_status    integer
);
CREATE INDEX ON store.article (source_id, first_seen_at DESC);
CREATE INDEX ON store.article (first_seen_at DESC);
CREATE INDEX ON store.article (dated_at DESC);
COMMENT ON TABLE store.article IS 'One story at one publisher; its identity is the canonical URL.';
COMMENT ON COLUMN store.article.article_id IS 'Key.';
COMMENT ON COLUMN store.article.source_id IS 'The source that brought it.';
COMMENT ON COLUMN store.article.url IS 'Canonical URL.';
COMMENT ON COLUMN store.article.url_hash IS 'sha256 of url.';
COMMENT ON COLUMN store.article.fetch_url_hash IS 'sha256 of the frontier URL whose captures make its revisions; twins (AMP, print) only become aliases.';
COMMENT ON COLUMN store.article.first_seen_at IS 'When it was first fetched.';
COMMENT ON COLUMN store.article.last_seen_at IS 'When it was last fetched or found unchanged.';
COMMENT ON COLUMN store.article.dated_at IS 'The story''s date for ordering and selecting: published, else what the feed said, else first seen.';
COMMENT ON COLUMN store.article.dated_by IS 'Which of the three dated_at is: published, feed, first_seen.';
COMMENT ON COLUMN store.article.revision_id IS 'Current revision.';
COMMENT ON COLUMN store.article.edits IS 'Changes the publisher made: revisions less one.';
COMMENT ON COLUMN store.article.gone_at IS 'When it was found gone (404, 410); the text stays.';
COMMENT ON COLUMN store.article.gone_status IS 'That status.';
ALTER TABLE store.frontier ADD FOREIGN KEY (article_id) REFERENCES store.article;

CREATE TABLE store.alias (
    url_hash    bytea PRIMARY KEY,
    url         text NOT NULL,
    article_id  bigint NOT NULL REFERENCES store.article,
    kind        text NOT NULL CHECK (kind IN ('announced', 'redirect', 'canonical')),
    seen_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON store.alias (article_id);
COMMENT ON TABLE store.alias IS 'Other URLs of an article.';
COMMENT ON COLUMN store.alias.url_hash IS 'sha256 of url.';
COMMENT ON COLUMN store.alias.url IS 'The URL.';
COMMENT ON COLUMN store.alias.article_id IS 'The article.';
COMMENT ON COLUMN store.alias.kind IS 'announced (as a document spelled it), redirect (met on the way), canonical (a twin that names it).';
COMMENT ON COLUMN store.alias.seen_at IS 'First seen.';

CREATE TABLE store.revision (
    revision_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    article_id      bigint NOT NULL REFERENCES store.article,
    number          integer NOT NULL CHECK (number >= 1),
    capture_id      bigint NOT NULL REFERENCES store.capture,
    seen_at         timestamptz NOT NULL,
    extraction_id   bigint,
    UNIQUE (article_id, number)
);
CREATE INDEX ON store.revision (seen_at DESC);
COMMENT ON TABLE store.revision IS 'A change made by the publisher: old and new bytes extracted under the same code differ. Never overwritten.';
COMMENT ON COLUMN store.revision.revision_id IS 'Key.';
COMMENT ON COLUMN store.revision.article_id IS 'The article.';
COMMENT ON COLUMN store.revision.number IS '1 for the text first seen.';
COMMENT ON COLUMN store.revision.capture_id IS 'The capture that showed it first.';
COMMENT ON COLUMN store.revision.seen_at IS 'When that was fetched.';
COMMENT ON COLUMN store.revision.extraction_id IS 'Current extraction.';
ALTER TABLE store.article ADD FOREIGN KEY (revision_id) REFERENCES store.revision;

CREATE TABLE store.extraction (
    extraction_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    revision_id         bigint NOT NULL REFERENCES store.revision,
    version_id          integer NOT NULL REFERENCES store.version,
    extracted_at        timestamptz NOT NULL DEFAULT now(),
    content_digest      bytea NOT NULL,
    title               text,
    titles              jsonb NOT NULL DEFAULT '[]',
    summary             text,
    text                text NOT NULL,
    language            text,
    authors             text[] NOT NULL DEFAULT '{}',
    place               text,
    section             text,
    tags                text[] NOT NULL DEFAULT '{}',
    image               text,
    canonical_url       text,
    kind                text,
    published_at        store.claimed_time,
    published_raw       text,
    published_precision text,
    published_from      text,
    published_zone      text,
    published_flags     text[] NOT NULL DEFAULT '{}',
    modified_at         store.claimed_time,
    modified_raw        text,
    modified_precision  text,
    modified_from       text,
    modified_zone       text,
    charset             text NOT NULL,
    charset_from        text NOT NULL,
    flags               text[] NOT NULL DEFAULT '{}',
    UNIQUE (revision_id, version_id)
);
CREATE INDEX ON store.extraction (published_at);
COMMENT ON TABLE store.extraction IS 'Text and metadata of one revision under one set of versions; the revision names the current one.';
COMMENT ON COLUMN store.extraction.extraction_id IS 'Key.';
COMMENT ON COLUMN store.extraction.revision_id IS 'The revision.';
COMMENT ON COLUMN store.extraction.version_id IS 'Versions of code, rules and host state.';
COMMENT ON COLUMN store.extraction.extracted_at IS 'When.';
COMMENT ON COLUMN store.extraction.content_digest IS 'sha256 over title, summary and text: what a revision is decided on.';
COMMENT ON COLUMN store.extraction.title IS 'Headline.';
COMMENT ON COLUMN store.extraction.titles IS 'Every headline found, with where: [["jsonld", "…"], …].';
COMMENT ON COLUMN store.extraction.summary IS 'Standfirst, apart from the text.';
COMMENT ON COLUMN store.extraction.text IS 'The reporter''s text, a paragraph a line.';
COMMENT ON COLUMN store.extraction.language IS 'ISO 639-1.';
COMMENT ON COLUMN store.extraction.authors IS 'People, without organisations and places.';
COMMENT ON COLUMN store.extraction.place IS 'Dateline place as written.';
COMMENT ON COLUMN store.extraction.section IS 'Section.';
COMMENT ON COLUMN store.extraction.tags IS 'Tags.';
COMMENT ON COLUMN store.extraction.image IS 'Main image''s URL.';
COMMENT ON COLUMN store.extraction.canonical_url IS 'rel=canonical as the page claims it.';
COMMENT ON COLUMN store.extraction.kind IS 'article, live_blog …';
COMMENT ON COLUMN store.extraction.published_at IS 'Published, as claimed.';
COMMENT ON COLUMN store.extraction.published_raw IS 'The string it was read from.';
COMMENT ON COLUMN store.extraction.published_precision IS 'second, minute, hour, day, month, year.';
COMMENT ON COLUMN store.extraction.published_from IS 'Where it stood: jsonld, meta:…, time, text, feed.';
COMMENT ON COLUMN store.extraction.published_zone IS 'Zone or offset it was read in.';
COMMENT ON COLUMN store.extraction.published_flags IS 'estimated, relative, ambiguous, zone_assumed.';
COMMENT ON COLUMN store.extraction.modified_at IS 'Modified, as claimed.';
COMMENT ON COLUMN store.extraction.modified_raw IS 'The string it was read from.';
COMMENT ON COLUMN store.extraction.modified_precision IS 'As published_precision.';
COMMENT ON COLUMN store.extraction.modified_from IS 'As published_from.';
COMMENT ON COLUMN store.extraction.modified_zone IS 'As published_zone.';
COMMENT ON COLUMN store.extraction.charset IS 'Charset the bytes were read in.';
COMMENT ON COLUMN store.extraction.charset_from IS 'What decided it: setting, bom, header, meta, detected.';
COMMENT ON COLUMN store.extraction.flags IS 'truncated, paywalled, live_blog, nul_removed …';
ALTER TABLE store.revision ADD FOREIGN KEY (extraction_id) REFERENCES store.extraction;

CREATE TABLE store.removal (
    extraction_id  bigint NOT NULL REFERENCES store.extraction ON DELETE CASCADE,
    ordinal        integer NOT NULL,
    start_at       integer NOT NULL CHECK (start_at >= 0),
    span           text NOT NULL,
    rule           text NOT NULL,
    rule_version   integer NOT NULL,
    zone           text NOT NULL CHECK (zone IN ('lead', 'body', 'tail')),
    PRIMARY KEY (extraction_id, ordinal)
);
COMMENT ON TABLE store.removal IS 'A span that cleaning took out; text and removals together are the raw extraction.';
COMMENT ON COLUMN store.removal.extraction_id IS 'The extraction.';
COMMENT ON COLUMN store.removal.ordinal IS 'Order, from 0.';
COMMENT ON COLUMN store.removal.start_at IS 'Offset in the raw extraction in characters.';
COMMENT ON COLUMN store.removal.span IS 'The exact characters taken out.';
COMMENT ON COLUMN store.removal.rule IS 'Rule id.';
COMMENT ON COLUMN store.removal.rule_version IS 'Rule version.';
COMMENT ON COLUMN store.removal.zone IS 'lead, body or tail of the text.';

CREATE TABLE store.credit (
    extraction_id  bigint NOT NULL REFERENCES store.extraction ON DELETE CASCADE,
    ordinal        integer NOT NULL,
    agency         text NOT NULL,
    matched        text NOT NULL,
    position       text NOT NULL,
    confidence     real NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    place          text,
    PRIMARY KEY (extraction_id, ordinal)
);
CREATE INDEX ON store.credit (agency);
COMMENT ON TABLE store.credit IS 'The agency behind the copy, with the evidence.';
COMMENT ON COLUMN store.credit.extraction_id IS 'The extraction.';
COMMENT ON COLUMN store.credit.ordinal IS 'Order, from 0.';
COMMENT ON COLUMN store.credit.agency IS 'Agency code: Reuters, AFP, SPA …';
COMMENT ON COLUMN store.credit.matched IS 'The words matched.';
COMMENT ON COLUMN store.credit.position IS 'Where they stood: dateline, byline, signoff, credit_line, jsonld, meta.';
COMMENT ON COLUMN store.credit.confidence IS '0 to 1.';
COMMENT ON COLUMN store.credit.place IS 'Place in the same dateline.';

CREATE TABLE store.search (
    article_id   bigint PRIMARY KEY REFERENCES store.article,
    config       text NOT NULL,
    analyser     integer NOT NULL,
    vector       tsvector NOT NULL
);
CREATE INDEX ON store.search USING gin (vector);
COMMENT ON TABLE store.search IS 'The search vector of an article''s current text; filled by the store, refilled by `wirekeep db reindex`.';
COMMENT ON COLUMN store.search.article_id IS 'The article.';
COMMENT ON COLUMN store.search.config IS 'Text search configuration: arabic, english, simple …';
COMMENT ON COLUMN store.search.analyser IS 'Version of the analyser that filled it.';
COMMENT ON COLUMN store.search.vector IS 'Title A, summary B, text D.';
