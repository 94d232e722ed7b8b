-- The place of a sitemap in the index that names it: which ones come first is the index's to say.

ALTER TABLE store.document ADD COLUMN place integer;
COMMENT ON COLUMN store.document.place IS 'Its place in the index that names it, newest first, as its last body had it; null where no index names it now.';
CREATE INDEX ON store.document (parent_id, place);

-- What was read of each index so far, in the order it was read in, until its next body says better.
UPDATE store.document d
SET place = n.place
FROM (
    SELECT c.document_id, row_number() OVER (PARTITION BY c.parent_id ORDER BY c.document_id) AS place
    FROM store.document c
    JOIN store.document p ON p.document_id = c.parent_id AND p.source_id = c.source_id
    WHERE NOT c.configured AND (c.outcome IS NULL OR c.checked_at >= p.changed_at)
) n
WHERE d.document_id = n.document_id AND n.place <= 50; -- so many were read of an index

CREATE OR REPLACE VIEW archive.documents AS
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
       d.capture_id,
       d.place
FROM store.document d
JOIN store.source s ON s.source_id = d.source_id
LEFT JOIN store.document p ON p.document_id = d.parent_id;
COMMENT ON COLUMN archive.documents.over_cap IS 'Entries of it beyond the cap; of an index also the sitemaps that it names beyond the 50 newest, which are not read.';
COMMENT ON COLUMN archive.documents.place IS 'Its place in the index that names it, newest first; null where no index names it now.';
COMMENT ON COLUMN store.document.over_cap IS 'Entries beyond the cap in the last body; of an index also the sitemaps beyond those that are read.';
