-- What each rule of cleaning does, in words: beside what it took out.

CREATE TABLE store.rule (
    rule         text NOT NULL,
    rule_version integer NOT NULL,
    says         text NOT NULL,
    file         text NOT NULL,
    PRIMARY KEY (rule, rule_version)
);
COMMENT ON TABLE store.rule IS 'The rules of cleaning by which workers read pages, a row a version; a worker writes those it has when it starts.';
COMMENT ON COLUMN store.rule.rule IS 'Rule id.';
COMMENT ON COLUMN store.rule.rule_version IS 'Rule version.';
COMMENT ON COLUMN store.rule.says IS 'What it takes out, in words.';
COMMENT ON COLUMN store.rule.file IS 'The rule file in crawler/clean that declares it.';

CREATE VIEW archive.rules AS
SELECT r.rule,
       r.rule_version,
       r.says,
       r.file
FROM store.rule r;
COMMENT ON VIEW archive.rules IS 'The rules of cleaning that were ever in force, a row a version.';
COMMENT ON COLUMN archive.rules.rule IS 'Rule id, as in archive.removals.';
COMMENT ON COLUMN archive.rules.rule_version IS 'Version of that rule.';
COMMENT ON COLUMN archive.rules.says IS 'What it takes out, in words.';
COMMENT ON COLUMN archive.rules.file IS 'The rule file in crawler/clean that declares it.';

CREATE OR REPLACE VIEW archive.removals AS
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
       m.zone,
       d.says AS rule_says,
       d.file AS rule_file
FROM store.removal m
JOIN store.extraction e ON e.extraction_id = m.extraction_id
JOIN store.revision r ON r.revision_id = e.revision_id
JOIN store.article a ON a.article_id = r.article_id
JOIN store.source s ON s.source_id = a.source_id
LEFT JOIN store.rule d ON d.rule = m.rule AND d.rule_version = m.rule_version;
COMMENT ON COLUMN archive.removals.rule_says IS 'What that rule takes out, in words; null for one that no worker has written down.';
COMMENT ON COLUMN archive.removals.rule_file IS 'The rule file in crawler/clean that declares it; null as rule_says.';
