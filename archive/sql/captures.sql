-- name: insert_capture
-- An exchange whose bytes are safe, known by where they lie; a revisit is tied to the capture that holds its body.
INSERT INTO store.capture (
    url, url_hash, purpose, fetched_at, status, mime, location, etag, last_modified, payload_digest, body_digest,
    body_length, record_type, refers_to, truncated, warc_file_id, warc_offset, warc_length, warc_record_id, crawl_id,
    ip_address)
VALUES (
    %(url)s, %(url_hash)s, %(purpose)s, %(fetched_at)s, %(status)s, %(mime)s, %(location)s, %(etag)s,
    %(last_modified)s, %(payload_digest)s, %(body_digest)s, %(body_length)s, %(record_type)s,
    CASE WHEN %(record_type)s::text = 'revisit' THEN coalesce(%(refers_to)s::bigint, (
        SELECT c.capture_id FROM store.capture c
        WHERE c.url_hash = %(url_hash)s AND c.record_type = 'response'
          AND (c.payload_digest = %(payload_digest)s OR (%(status)s::integer = 304 AND c.body_digest IS NOT NULL))
        ORDER BY c.fetched_at DESC, c.capture_id DESC LIMIT 1)) END,
    %(truncated)s, %(warc_file_id)s, %(warc_offset)s, %(warc_length)s, %(warc_record_id)s, %(crawl_id)s, %(ip_address)s)
ON CONFLICT (warc_file_id, warc_offset) DO UPDATE
SET body_digest = coalesce(capture.body_digest, excluded.body_digest),
    body_length = coalesce(capture.body_length, excluded.body_length)
RETURNING capture_id, xmax = 0 AS is_new;  -- a row that was there already carries the lock of this update in xmax
