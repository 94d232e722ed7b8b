-- Hosts, robots, discovery documents, announcements, the frontier, WARC files, captures, attempts, requests.

CREATE TABLE store.host (
    host          text PRIMARY KEY,
    next_at       timestamptz NOT NULL DEFAULT '1970-01-01+00',
    delay         interval NOT NULL DEFAULT '5 seconds',
    crawl_delay   interval,
    latency       interval,
    paused_until  timestamptz,
    paused_why    text,
    strikes       integer NOT NULL DEFAULT 0,
    requests      bigint NOT NULL DEFAULT 0,
    updated_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE store.host IS 'One budget a host for the whole service: every request reserves its moment here.';
COMMENT ON COLUMN store.host.host IS 'Host name in lower case, with :port where it is not the default.';
COMMENT ON COLUMN store.host.next_at IS 'Earliest moment of the next request.';
COMMENT ON COLUMN store.host.delay IS 'Delay in force: the largest of source pace, crawl-delay and what latency suggests.';
COMMENT ON COLUMN store.host.crawl_delay IS 'robots.txt''s crawl-delay for us.';
COMMENT ON COLUMN store.host.latency IS 'Smoothed time to the end of a response.';
COMMENT ON COLUMN store.host.paused_until IS 'No request before this moment.';
COMMENT ON COLUMN store.host.paused_why IS 'Why: status, Retry-After, crawl-delay.';
COMMENT ON COLUMN store.host.strikes IS '429 and 503 answers in a row.';
COMMENT ON COLUMN store.host.requests IS 'Requests sent, all time.';
COMMENT ON COLUMN store.host.updated_at IS 'Last change.';

CREATE TABLE store.robots (
    origin      text PRIMARY KEY,
    checked_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    status      integer,
    state       text NOT NULL CHECK (state IN ('ok', 'absent', 'unreachable')),
    reason      text,
    good_body   bytea,
    good_at     timestamptz
);
COMMENT ON TABLE store.robots IS 'robots.txt per origin, shared by all workers (RFC 9309).';
COMMENT ON COLUMN store.robots.origin IS 'scheme://host[:port].';
COMMENT ON COLUMN store.robots.checked_at IS 'Last fetch.';
COMMENT ON COLUMN store.robots.expires_at IS 'When it is to be fetched again; at most 24 h after the fetch.';
COMMENT ON COLUMN store.robots.status IS 'HTTP status of the last fetch, null where there was none.';
COMMENT ON COLUMN store.robots.state IS 'ok (a body in force), absent (4xx: all allowed), unreachable (429, 5xx, network: the last good copy up to 30 days, else nothing allowed).';
COMMENT ON COLUMN store.robots.reason IS 'Why it is unreachable.';
COMMENT ON COLUMN store.robots.good_body IS 'Last good copy, at most 512 KiB.';
COMMENT ON COLUMN store.robots.good_at IS 'When that copy was fetched.';

CREATE TABLE store.warc_file (
    warc_file_id  uuid PRIMARY KEY,
    path          text NOT NULL UNIQUE,
    writer        text NOT NULL,
    opened_at     timestamptz NOT NULL DEFAULT now(),
    sealed_at     timestamptz,
    size          bigint,
    orphans       integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE store.warc_file IS 'A WARC file.';
COMMENT ON COLUMN store.warc_file.warc_file_id IS 'Key, also in its warcinfo record.';
COMMENT ON COLUMN store.warc_file.path IS 'Path relative to the WARC root, without the .open ending of a file in writing.';
COMMENT ON COLUMN store.warc_file.writer IS 'machine:pid that wrote it.';
COMMENT ON COLUMN store.warc_file.opened_at IS 'When it was begun.';
COMMENT ON COLUMN store.warc_file.sealed_at IS 'When it was closed; nothing is appended after.';
COMMENT ON COLUMN store.warc_file.size IS 'Bytes when sealed.';
COMMENT ON COLUMN store.warc_file.orphans IS 'Whole records found past the last committed one when it was recovered.';

CREATE TABLE store.capture (
    capture_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url             text NOT NULL,
    url_hash        bytea NOT NULL,
    purpose         text NOT NULL CHECK (purpose IN ('article', 'feed', 'sitemap', 'section', 'robots', 'check')),
    fetched_at      timestamptz NOT NULL,
    status          integer,
    mime            text,
    location        text,
    etag            text,
    last_modified   text,
    payload_digest  text,
    body_digest     bytea,
    body_length     bigint,
    record_type     text NOT NULL CHECK (record_type IN ('response', 'revisit')),
    refers_to       bigint REFERENCES store.capture,
    truncated       text,
    warc_file_id    uuid NOT NULL REFERENCES store.warc_file,
    warc_offset     bigint NOT NULL,
    warc_length     bigint NOT NULL,
    warc_record_id  text NOT NULL,
    crawl_id        bigint REFERENCES store.crawl,
    ip_address      text,
    UNIQUE (warc_file_id, warc_offset)
);
CREATE INDEX ON store.capture (url_hash, fetched_at DESC);
CREATE INDEX ON store.capture (fetched_at);
COMMENT ON TABLE store.capture IS 'One exchange, and where its bytes lie.';
COMMENT ON COLUMN store.capture.capture_id IS 'Key.';
COMMENT ON COLUMN store.capture.url IS 'URL as requested (each redirect hop is a capture of its own).';
COMMENT ON COLUMN store.capture.url_hash IS 'sha256 of url.';
COMMENT ON COLUMN store.capture.purpose IS 'What it was fetched as.';
COMMENT ON COLUMN store.capture.fetched_at IS 'When the request was sent (WARC-Date).';
COMMENT ON COLUMN store.capture.status IS 'HTTP status; null where none was read.';
COMMENT ON COLUMN store.capture.mime IS 'Content-Type without parameters.';
COMMENT ON COLUMN store.capture.location IS 'Location header of a redirect.';
COMMENT ON COLUMN store.capture.etag IS 'ETag.';
COMMENT ON COLUMN store.capture.last_modified IS 'Last-Modified as sent.';
COMMENT ON COLUMN store.capture.payload_digest IS 'WARC-Payload-Digest, over the payload as transferred.';
COMMENT ON COLUMN store.capture.body_digest IS 'sha256 over the decoded body: the digest for "unchanged".';
COMMENT ON COLUMN store.capture.body_length IS 'Bytes of the decoded body.';
COMMENT ON COLUMN store.capture.record_type IS 'response, or revisit where the body was the same as before.';
COMMENT ON COLUMN store.capture.refers_to IS 'The capture that holds the body of a revisit.';
COMMENT ON COLUMN store.capture.truncated IS 'WARC-Truncated: length, time, disconnect, unspecified.';
COMMENT ON COLUMN store.capture.warc_file_id IS 'WARC file.';
COMMENT ON COLUMN store.capture.warc_offset IS 'Offset of the response or revisit record in bytes.';
COMMENT ON COLUMN store.capture.warc_length IS 'Length of that gzip member in bytes.';
COMMENT ON COLUMN store.capture.warc_record_id IS 'WARC-Record-ID.';
COMMENT ON COLUMN store.capture.crawl_id IS 'Crawl it belongs to.';
COMMENT ON COLUMN store.capture.ip_address IS 'Address that answered.';

CREATE TABLE store.document (
    document_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id     integer NOT NULL REFERENCES store.source,
    url           text NOT NULL,
    url_hash      bytea NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('feed', 'sitemap', 'section')),
    parent_id     bigint REFERENCES store.document,
    configured    boolean NOT NULL DEFAULT true,
    dialect       text,
    etag          text,
    last_modified text,
    body_digest   bytea,
    capture_id    bigint REFERENCES store.capture,
    checked_at    timestamptz,
    changed_at    timestamptz,
    outcome       text,
    error         text,
    failures      integer NOT NULL DEFAULT 0,
    links         integer,
    over_cap      integer NOT NULL DEFAULT 0,
    malformed     text,
    UNIQUE (source_id, url_hash)
);
COMMENT ON TABLE store.document IS 'A feed, sitemap or section page of a source.';
COMMENT ON COLUMN store.document.document_id IS 'Key.';
COMMENT ON COLUMN store.document.source_id IS 'The source.';
COMMENT ON COLUMN store.document.url IS 'Its URL.';
COMMENT ON COLUMN store.document.url_hash IS 'sha256 of url.';
COMMENT ON COLUMN store.document.kind IS 'feed, sitemap or section.';
COMMENT ON COLUMN store.document.parent_id IS 'The sitemap index that named it.';
COMMENT ON COLUMN store.document.configured IS 'True where sources.toml names it now.';
COMMENT ON COLUMN store.document.dialect IS 'What it turned out to be: rss2, atom, newssitemap …';
COMMENT ON COLUMN store.document.etag IS 'Validator, committed with the announcements it stands for.';
COMMENT ON COLUMN store.document.last_modified IS 'Validator, likewise.';
COMMENT ON COLUMN store.document.body_digest IS 'sha256 of the decoded body whose announcements are committed.';
COMMENT ON COLUMN store.document.capture_id IS 'The capture with that body.';
COMMENT ON COLUMN store.document.checked_at IS 'Last fetch.';
COMMENT ON COLUMN store.document.changed_at IS 'Last fetch with a new body.';
COMMENT ON COLUMN store.document.outcome IS 'read, unchanged, robots, blocked, paused, failed.';
COMMENT ON COLUMN store.document.error IS 'Why, where it was not read.';
COMMENT ON COLUMN store.document.failures IS 'Failures in a row.';
COMMENT ON COLUMN store.document.links IS 'Links in the last body.';
COMMENT ON COLUMN store.document.over_cap IS 'Entries beyond the cap in the last body.';
COMMENT ON COLUMN store.document.malformed IS 'How the last body was broken.';

CREATE TABLE store.frontier (
    frontier_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url            text NOT NULL,
    url_hash       bytea NOT NULL UNIQUE,
    host           text NOT NULL,
    source_id      integer NOT NULL REFERENCES store.source,
    announced_at   timestamptz NOT NULL DEFAULT now(),
    dated_at       store.claimed_time,
    due_at         timestamptz,
    due_why        text CHECK (due_why IN ('new', 'retry', 'revisit', 'request', 'paused')),
    request_id     bigint,
    attempts       integer NOT NULL DEFAULT 0,
    revisits       integer NOT NULL DEFAULT 0,
    leased_until   timestamptz,
    leased_by      bigint REFERENCES store.crawl,
    outcome        store.outcome,
    reason         text,
    outcome_at     timestamptz,
    last_error     text,
    article_id     bigint,
    capture_id     bigint REFERENCES store.capture,
    announcement_id bigint
);
CREATE INDEX ON store.frontier (source_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ON store.frontier (source_id, announced_at);
CREATE INDEX ON store.frontier (article_id);
COMMENT ON TABLE store.frontier IS 'Each URL that was announced or asked for: what it is owed, or how it ended.';
COMMENT ON COLUMN store.frontier.frontier_id IS 'Key.';
COMMENT ON COLUMN store.frontier.url IS 'Canonicalised URL.';
COMMENT ON COLUMN store.frontier.url_hash IS 'sha256 of url (long percent-encoded slugs overflow a btree).';
COMMENT ON COLUMN store.frontier.host IS 'Host, as in store.host.';
COMMENT ON COLUMN store.frontier.source_id IS 'The source that announced it first.';
COMMENT ON COLUMN store.frontier.announced_at IS 'When it was first announced.';
COMMENT ON COLUMN store.frontier.dated_at IS 'Date the announcement claimed: newest are fetched first.';
COMMENT ON COLUMN store.frontier.due_at IS 'When it is owed a fetch; null when nothing is owed.';
COMMENT ON COLUMN store.frontier.due_why IS 'new, retry, revisit, request, paused (its host was).';
COMMENT ON COLUMN store.frontier.request_id IS 'The request that wants it fetched now.';
COMMENT ON COLUMN store.frontier.attempts IS 'Failed attempts since the last final outcome.';
COMMENT ON COLUMN store.frontier.revisits IS 'Revisits done.';
COMMENT ON COLUMN store.frontier.leased_until IS 'A crawl has it in hand until then.';
COMMENT ON COLUMN store.frontier.leased_by IS 'That crawl.';
COMMENT ON COLUMN store.frontier.outcome IS 'Last final outcome; null while none was reached.';
COMMENT ON COLUMN store.frontier.reason IS 'Why: the pattern, the rejection, the error.';
COMMENT ON COLUMN store.frontier.outcome_at IS 'When.';
COMMENT ON COLUMN store.frontier.last_error IS 'What the last failed attempt said.';
COMMENT ON COLUMN store.frontier.article_id IS 'The article it led to.';
COMMENT ON COLUMN store.frontier.capture_id IS 'Its last capture with a body (or the one a revisit stands for): validators, digests.';
COMMENT ON COLUMN store.frontier.announcement_id IS 'The announcement with the richest metadata.';

CREATE TABLE store.announcement (
    announcement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id     bigint NOT NULL REFERENCES store.document,
    frontier_id     bigint NOT NULL REFERENCES store.frontier,
    url             text NOT NULL,
    digest          bytea NOT NULL,
    guid            text,
    title           text,
    summary         text,
    content         text,
    authors         text[] NOT NULL DEFAULT '{}',
    tags            text[] NOT NULL DEFAULT '{}',
    language        text,
    published_at    store.claimed_time,
    published       jsonb,
    modified_at     store.claimed_time,
    modified        jsonb,
    rule            text NOT NULL,
    crawl_id        bigint REFERENCES store.crawl,
    first_seen_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (document_id, frontier_id, digest)
);
CREATE INDEX ON store.announcement (frontier_id);
COMMENT ON TABLE store.announcement IS 'One link seen in one document, with that document''s own metadata; changed metadata is a new row.';
COMMENT ON COLUMN store.announcement.announcement_id IS 'Key.';
COMMENT ON COLUMN store.announcement.document_id IS 'The document.';
COMMENT ON COLUMN store.announcement.frontier_id IS 'The URL it was canonicalised to.';
COMMENT ON COLUMN store.announcement.url IS 'Link as announced.';
COMMENT ON COLUMN store.announcement.digest IS 'sha256 over link, metadata and rule.';
COMMENT ON COLUMN store.announcement.guid IS 'The document''s id for it.';
COMMENT ON COLUMN store.announcement.title IS 'The document''s title for it.';
COMMENT ON COLUMN store.announcement.summary IS 'The document''s summary.';
COMMENT ON COLUMN store.announcement.content IS 'Full content as HTML, where the document carried it.';
COMMENT ON COLUMN store.announcement.authors IS 'Authors as named there.';
COMMENT ON COLUMN store.announcement.tags IS 'Categories.';
COMMENT ON COLUMN store.announcement.language IS 'Language claimed.';
COMMENT ON COLUMN store.announcement.published_at IS 'Published, as claimed.';
COMMENT ON COLUMN store.announcement.published IS 'raw, precision, zone, provenance of that claim.';
COMMENT ON COLUMN store.announcement.modified_at IS 'Modified, as claimed.';
COMMENT ON COLUMN store.announcement.modified IS 'raw, precision, zone, provenance of that claim.';
COMMENT ON COLUMN store.announcement.rule IS 'The pattern that kept or dropped it.';
COMMENT ON COLUMN store.announcement.crawl_id IS 'Crawl that saw it first.';
COMMENT ON COLUMN store.announcement.first_seen_at IS 'First seen so.';
COMMENT ON COLUMN store.announcement.last_seen_at IS 'Last seen so (to the hour).';

CREATE TABLE store.attempt (
    attempt_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    frontier_id  bigint NOT NULL REFERENCES store.frontier,
    crawl_id     bigint REFERENCES store.crawl,
    at           timestamptz NOT NULL DEFAULT now(),
    result       text NOT NULL,
    detail       text,
    status       integer,
    capture_id   bigint REFERENCES store.capture,
    next_due_at  timestamptz
);
CREATE INDEX ON store.attempt (frontier_id, attempt_id);
COMMENT ON TABLE store.attempt IS 'Each time a URL was taken up, and what came of it.';
COMMENT ON COLUMN store.attempt.attempt_id IS 'Key.';
COMMENT ON COLUMN store.attempt.frontier_id IS 'The URL.';
COMMENT ON COLUMN store.attempt.crawl_id IS 'The crawl.';
COMMENT ON COLUMN store.attempt.at IS 'When it ended.';
COMMENT ON COLUMN store.attempt.result IS 'An outcome, or retry, or postponed.';
COMMENT ON COLUMN store.attempt.detail IS 'In words.';
COMMENT ON COLUMN store.attempt.status IS 'HTTP status.';
COMMENT ON COLUMN store.attempt.capture_id IS 'Its capture.';
COMMENT ON COLUMN store.attempt.next_due_at IS 'When it is owed another.';

CREATE TABLE store.request (
    request_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('url', 'source')),
    asked        text NOT NULL,
    key          text NOT NULL,
    source_id    integer NOT NULL REFERENCES store.source,
    since        timestamptz,
    force        boolean NOT NULL DEFAULT false,
    asked_by     text NOT NULL DEFAULT session_user,
    asked_at     timestamptz NOT NULL DEFAULT now(),
    job_id       bigint,
    started_at   timestamptz,
    finished_at  timestamptz,
    frontier_id  bigint REFERENCES store.frontier,
    outcome      text,
    reason       text,
    revision_id  bigint
);
CREATE UNIQUE INDEX request_waiting ON store.request (kind, key) WHERE finished_at IS NULL;
COMMENT ON TABLE store.request IS 'A re-crawl asked for.';
COMMENT ON COLUMN store.request.request_id IS 'Key; the same while one for the same URL waits.';
COMMENT ON COLUMN store.request.kind IS 'url or source.';
COMMENT ON COLUMN store.request.asked IS 'As asked.';
COMMENT ON COLUMN store.request.key IS 'Canonicalised URL, or source name with since.';
COMMENT ON COLUMN store.request.source_id IS 'The source that covers it.';
COMMENT ON COLUMN store.request.since IS 'For a source: articles first seen since then.';
COMMENT ON COLUMN store.request.force IS 'Fetch without validators and extract even where the bytes are the same.';
COMMENT ON COLUMN store.request.asked_by IS 'Role that asked.';
COMMENT ON COLUMN store.request.asked_at IS 'When.';
COMMENT ON COLUMN store.request.job_id IS 'Its job in the queue.';
COMMENT ON COLUMN store.request.started_at IS 'When a worker took it up.';
COMMENT ON COLUMN store.request.finished_at IS 'When it ended.';
COMMENT ON COLUMN store.request.frontier_id IS 'The URL in the frontier.';
COMMENT ON COLUMN store.request.outcome IS 'How it ended.';
COMMENT ON COLUMN store.request.reason IS 'Why.';
COMMENT ON COLUMN store.request.revision_id IS 'Revision in force when it ended.';
ALTER TABLE store.frontier ADD FOREIGN KEY (request_id) REFERENCES store.request;
CREATE INDEX ON store.frontier (request_id) WHERE request_id IS NOT NULL;
