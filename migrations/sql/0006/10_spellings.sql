-- A URL that is asked for is found also where the archive knows it by another spelling of the same page: the other scheme,
-- with or without www. or the last slash, its letters composed or not. For looking up only: what a crawl announces and
-- fetches keeps its one spelling (store.canonical), since on some sites these are different pages.

CREATE FUNCTION store.compose(path text, composed boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    decoded text;
BEGIN
    IF path !~ '%[89A-F]' THEN
        RETURN path;
    END IF;
    -- Escapes of ASCII stay as they are: %2F is no slash.
    SELECT convert_from(decode(string_agg(
        CASE WHEN piece[1] ~ '^%[89A-F]' THEN substr(piece[1], 2) ELSE encode(convert_to(piece[1], 'UTF8'), 'hex') END,
        '' ORDER BY place), 'hex'), 'UTF8') INTO decoded
    FROM regexp_matches(path, '%[89A-F][0-9A-F]|%|[^%]+', 'g') WITH ORDINALITY AS m (piece, place);
    RETURN store.escape(CASE WHEN composed THEN normalize(decoded, NFC) ELSE normalize(decoded, NFD) END);
EXCEPTION
    WHEN character_not_in_repertoire OR untranslatable_character THEN  -- escapes of another charset
        RETURN path;
END
$$;
COMMENT ON FUNCTION store.compose IS 'A canonical path with its escaped letters composed (NFC) or decomposed (NFD): some systems write é as one letter, some as two. As it is where its escapes are not UTF-8.';

CREATE FUNCTION store.spellings(canonical text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(DISTINCT scheme || '://' || store.canonical_host(name, scheme) || spelt || query)
    FROM (
        SELECT part[1] AS netloc, part[2] AS path, part[3] AS query
        FROM regexp_match(spellings.canonical, '^https?://([^/?#]*)([^?]*)(.*)$') AS p (part)
    ) AS parts,
    LATERAL unnest(ARRAY['http', 'https']) AS s (scheme),
    LATERAL unnest(ARRAY[netloc, 'www.' || netloc, CASE WHEN netloc ~ '^www\.[^.]+\.' THEN substr(netloc, 5) END]) AS h (name),
    LATERAL unnest(ARRAY[path, store.compose(path, true), store.compose(path, false)]) AS c (whole),
    LATERAL unnest(ARRAY[whole, CASE WHEN whole ~ '.+/$' THEN left(whole, -1) ELSE rtrim(whole, '/') || '/' END]) AS e (spelt)
    WHERE store.canonical_host(name, scheme) IS NOT NULL
$$;
COMMENT ON FUNCTION store.spellings IS 'The spellings of a canonical URL that nearly always mean the same page, itself among them: other scheme, with and without www. and last slash, letters composed and decomposed.';

CREATE FUNCTION store.find_known(canonical text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    most constant integer := 5;  -- named in a message
    hash constant bytea := store.hash_url(canonical);
    spelt text[];
    hashes bytea[];
    known text[];
BEGIN
    IF EXISTS (SELECT FROM store.frontier f WHERE f.url_hash = hash)
       OR EXISTS (SELECT FROM store.article a WHERE a.url_hash = hash)
       OR EXISTS (SELECT FROM store.alias l WHERE l.url_hash = hash)
       OR EXISTS (SELECT FROM store.request q WHERE q.kind = 'url' AND q.key = canonical AND q.finished_at IS NULL) THEN
        RETURN canonical;
    END IF;
    spelt := store.spellings(canonical);
    hashes := ARRAY(SELECT store.hash_url(s.url) FROM unnest(spelt) AS s (url));
    -- One line a story, by the one spelling that is known of it, else by its own URL; URLs without a story count where
    -- no story answers.
    SELECT array_agg(line.url ORDER BY line.url) INTO known
    FROM (
        SELECT CASE WHEN count(DISTINCT k.url) = 1 THEN min(k.url) ELSE min(k.story) END AS url,
               k.article_id IS NOT NULL AS is_story, bool_or(k.article_id IS NOT NULL) OVER () AS with_story
        FROM (
            SELECT a.url, a.article_id, a.url AS story FROM store.article a WHERE a.url_hash = ANY (hashes)
            UNION ALL
            SELECT l.url, a.article_id, a.url
            FROM store.alias l JOIN store.article a ON a.article_id = l.article_id WHERE l.url_hash = ANY (hashes)
            UNION ALL
            SELECT f.url, a.article_id, coalesce(a.url, f.url)
            FROM store.frontier f LEFT JOIN store.article a ON a.article_id = f.article_id WHERE f.url_hash = ANY (hashes)
            UNION ALL
            SELECT q.key, NULL, q.key
            FROM store.request q WHERE q.kind = 'url' AND q.key = ANY (spelt) AND q.finished_at IS NULL
        ) k
        GROUP BY k.article_id, CASE WHEN k.article_id IS NULL THEN k.url END
    ) line
    WHERE line.is_story OR NOT line.with_story;
    IF cardinality(known) > 1 THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('%s is not known as it is spelt, and could mean any of %s that are: %s', left(quote_literal(canonical), 2000),
                             cardinality(known), left(array_to_string(known[:most], ', '), 4000)),
            HINT = 'Ask for one of them, as it stands here.';
    END IF;
    RETURN known[1];
END
$$;
COMMENT ON FUNCTION store.find_known IS 'The URL that the archive knows for this canonical one: itself, else the one of its spellings that is known; null for none. Refuses where several stories could be meant, and names them.';

CREATE OR REPLACE FUNCTION store.find_target(asked text, OUT url text, OUT host text, OUT frontier_id bigint, OUT source_id integer)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    spelt text := store.canonical(asked);
    fetched bytea;
    own integer;
BEGIN
    IF spelt IS NULL THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('%s is not a URL that can be fetched', left(coalesce(quote_literal(asked), 'NULL'), 200)),
            HINT = 'Expected http(s)://host/path, a host name with other letters in its xn-- form.';
    END IF;
    IF NOT EXISTS (SELECT FROM store.alias l WHERE l.url_hash = store.hash_url(asked)) THEN
        spelt := coalesce(store.find_known(spelt), spelt);
    END IF;
    SELECT found.fetch_url_hash INTO fetched
    FROM (SELECT a.fetch_url_hash, 0 AS place FROM store.article a WHERE a.url_hash = store.hash_url(spelt)
          UNION ALL
          SELECT a.fetch_url_hash, 1 FROM store.alias l JOIN store.article a ON a.article_id = l.article_id
          WHERE l.url_hash IN (store.hash_url(spelt), store.hash_url(asked))) found
    ORDER BY found.place
    LIMIT 1;
    SELECT f.frontier_id, f.url, f.source_id INTO frontier_id, url, own
    FROM store.frontier f WHERE f.url_hash = coalesce(fetched, store.hash_url(spelt));
    url := coalesce(url, spelt);
    host := store.host_of(url);
    SELECT s.source_id INTO source_id
    FROM store.source_host h JOIN store.source s ON s.source_id = h.source_id
    WHERE h.host = find_target.host AND s.retired_at IS NULL AND (s.enabled OR s.source_id = own)
    ORDER BY s.source_id IS NOT DISTINCT FROM own DESC, s.paused_at IS NULL DESC, s.source_id
    LIMIT 1;
    IF source_id IS NULL THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('no enabled source covers host %s', quote_literal(host)),
            HINT = format('In sources.toml, in the [[source]] that it belongs to, write: hosts = ["%s"]', host);
    END IF;
END
$$;

REVOKE ALL ON FUNCTION store.compose(text, boolean), store.spellings(text), store.find_known(text) FROM PUBLIC;
