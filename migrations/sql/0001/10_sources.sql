-- Sources, their settings' versions, slots, crawls, and the processes that do the work.

-- Only where they are missing: CREATE SCHEMA IF NOT EXISTS asks for CREATE on the database even where they are there,
-- and owning the three schemas must be enough.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['store', 'archive', 'queue'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = name) THEN
            EXECUTE format('CREATE SCHEMA %I', name);
        END IF;
    END LOOP;
END
$$;

COMMENT ON SCHEMA store IS 'Wirekeep''s own tables. Not a contract: read the views in schema archive.';
COMMENT ON SCHEMA archive IS 'What people ask: views and functions, stable, every column commented.';
COMMENT ON SCHEMA queue IS 'The job queue (Procrastinate''s tables and functions).';

CREATE DOMAIN store.outcome AS text CHECK (VALUE IN (
    'stored', 'unchanged', 'not_allowed', 'too_old', 'over_cap', 'robots', 'blocked', 'duplicate', 'rejected',
    'gone', 'failed'));
COMMENT ON DOMAIN store.outcome IS 'How an announced URL may end.';

-- Claimed dates outside these bounds are not kept as dates (year 9999, year 0, infinity break readers).
CREATE DOMAIN store.claimed_time AS timestamptz CHECK (VALUE >= '1800-01-01+00' AND VALUE < '2200-01-01+00');
COMMENT ON DOMAIN store.claimed_time IS 'A time that a document claims, within bounds that every client can read.';

CREATE TABLE store.source (
    source_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    enabled     boolean NOT NULL DEFAULT true,
    paused_at   timestamptz,
    paused_why  text,
    retired_at  timestamptz,
    setting_id  integer,
    last_slot   bigint,
    failures    integer NOT NULL DEFAULT 0,
    last_error  text,
    crawled_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE store.source IS 'A site or feed we watch.';
COMMENT ON COLUMN store.source.source_id IS 'Key.';
COMMENT ON COLUMN store.source.name IS 'Slug from sources.toml.';
COMMENT ON COLUMN store.source.enabled IS 'As sources.toml says; a disabled source is never due.';
COMMENT ON COLUMN store.source.paused_at IS 'When an operator paused it; survives a reload of sources.toml.';
COMMENT ON COLUMN store.source.paused_why IS 'The reason given.';
COMMENT ON COLUMN store.source.retired_at IS 'When it went from sources.toml; its articles stay.';
COMMENT ON COLUMN store.source.setting_id IS 'Settings in force.';
COMMENT ON COLUMN store.source.last_slot IS 'Latest slot that was turned into a job.';
COMMENT ON COLUMN store.source.failures IS 'Crawls in a row in which every discovery document failed.';
COMMENT ON COLUMN store.source.last_error IS 'What the last failed crawl said.';
COMMENT ON COLUMN store.source.crawled_at IS 'When a crawl of it last finished.';
COMMENT ON COLUMN store.source.created_at IS 'When it first stood in sources.toml.';

CREATE TABLE store.source_setting (
    setting_id  integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id   integer NOT NULL REFERENCES store.source,
    digest      bytea NOT NULL,
    settings    jsonb NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON store.source_setting (source_id, setting_id);
COMMENT ON TABLE store.source_setting IS 'Each change of a source''s settings is a kept version.';
COMMENT ON COLUMN store.source_setting.setting_id IS 'Key.';
COMMENT ON COLUMN store.source_setting.source_id IS 'The source.';
COMMENT ON COLUMN store.source_setting.digest IS 'sha256 of the settings as canonical JSON.';
COMMENT ON COLUMN store.source_setting.settings IS 'The settings, with defaults filled in; secrets stand as ${ENV} names.';
COMMENT ON COLUMN store.source_setting.applied_at IS 'When they came into force.';
ALTER TABLE store.source ADD FOREIGN KEY (setting_id) REFERENCES store.source_setting;

CREATE TABLE store.source_host (
    host        text NOT NULL,
    source_id   integer NOT NULL REFERENCES store.source,
    PRIMARY KEY (host, source_id)
);
COMMENT ON TABLE store.source_host IS 'Host names that a source covers: an unknown URL of one may be archived on demand.';
COMMENT ON COLUMN store.source_host.host IS 'Host name in lower case, with :port where it is not the default.';
COMMENT ON COLUMN store.source_host.source_id IS 'The source.';

CREATE TABLE store.source_file (
    singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    path        text NOT NULL,
    digest      bytea,
    loaded_at   timestamptz,
    error       text,
    error_at    timestamptz
);
COMMENT ON TABLE store.source_file IS 'The last load of sources.toml; a faulty edit leaves the last good set in force and stands here.';
COMMENT ON COLUMN store.source_file.singleton IS 'Always true: one row.';
COMMENT ON COLUMN store.source_file.path IS 'The file.';
COMMENT ON COLUMN store.source_file.digest IS 'sha256 of the file in force.';
COMMENT ON COLUMN store.source_file.loaded_at IS 'When the set in force was loaded.';
COMMENT ON COLUMN store.source_file.error IS 'What is wrong with the file as it is now, null when it is in force.';
COMMENT ON COLUMN store.source_file.error_at IS 'When that was found.';

CREATE TABLE store.crawl (
    crawl_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id   integer NOT NULL REFERENCES store.source,
    kind        text NOT NULL CHECK (kind IN ('scheduled', 'manual', 'owed', 'request')),
    slot        bigint,
    job_id      bigint,
    process_id  uuid,
    setting_id  integer REFERENCES store.source_setting,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    state       text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'failed', 'abandoned', 'handed_back')),
    reason      text,
    counts      jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON store.crawl (source_id, crawl_id DESC);
CREATE INDEX ON store.crawl (crawl_id) WHERE state = 'running';
COMMENT ON TABLE store.crawl IS 'One run over a source.';
COMMENT ON COLUMN store.crawl.crawl_id IS 'Key.';
COMMENT ON COLUMN store.crawl.source_id IS 'The source.';
COMMENT ON COLUMN store.crawl.kind IS 'scheduled (a slot), manual (wirekeep crawl), owed (retries and revisits that came due), request (recrawl).';
COMMENT ON COLUMN store.crawl.slot IS 'The slot, for a scheduled one.';
COMMENT ON COLUMN store.crawl.job_id IS 'The job in the queue.';
COMMENT ON COLUMN store.crawl.process_id IS 'The worker process that ran it.';
COMMENT ON COLUMN store.crawl.setting_id IS 'Source settings it ran under.';
COMMENT ON COLUMN store.crawl.started_at IS 'When the worker took it up.';
COMMENT ON COLUMN store.crawl.finished_at IS 'When it ended, however it ended.';
COMMENT ON COLUMN store.crawl.state IS 'running, finished, failed (no discovery document could be read), abandoned (its worker died), handed_back (its worker was stopped).';
COMMENT ON COLUMN store.crawl.reason IS 'Why it failed, was abandoned or handed back.';
COMMENT ON COLUMN store.crawl.counts IS 'documents, announced, new, fetched, a count for each outcome, postponed, bytes.';

CREATE TABLE store.slot (
    source_id   integer NOT NULL REFERENCES store.source,
    slot        bigint NOT NULL,
    due_at      timestamptz NOT NULL,
    fired_at    timestamptz NOT NULL DEFAULT now(),
    job_id      bigint,
    PRIMARY KEY (source_id, slot)
);
COMMENT ON TABLE store.slot IS 'One due moment of a source that was turned into a job; the key makes it once only.';
COMMENT ON COLUMN store.slot.source_id IS 'The source.';
COMMENT ON COLUMN store.slot.slot IS 'Due moment computed from the schedule, in epoch seconds: comparable when the schedule changes.';
COMMENT ON COLUMN store.slot.due_at IS 'The moment it was due.';
COMMENT ON COLUMN store.slot.fired_at IS 'When a scheduler fired it.';
COMMENT ON COLUMN store.slot.job_id IS 'The job, null where one of the source was waiting already.';

CREATE TABLE store.process (
    process_id  uuid PRIMARY KEY,
    role        text NOT NULL CHECK (role IN ('scheduler', 'worker')),
    host        text NOT NULL,
    pid         integer NOT NULL,
    version     text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    seen_at     timestamptz NOT NULL DEFAULT now(),
    stopped_at  timestamptz,
    state       jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE store.process IS 'Each scheduler and worker that runs or ran, with its heartbeat.';
COMMENT ON COLUMN store.process.process_id IS 'Key, made by the process.';
COMMENT ON COLUMN store.process.role IS 'scheduler or worker.';
COMMENT ON COLUMN store.process.host IS 'Machine.';
COMMENT ON COLUMN store.process.pid IS 'Process number there.';
COMMENT ON COLUMN store.process.version IS 'Wirekeep version.';
COMMENT ON COLUMN store.process.started_at IS 'Start.';
COMMENT ON COLUMN store.process.seen_at IS 'Last heartbeat.';
COMMENT ON COLUMN store.process.stopped_at IS 'When it said goodbye; null while it runs or when it died.';
COMMENT ON COLUMN store.process.state IS 'What it says of itself: crawls running, disk_low, concurrency.';
