-- Functions: the queue's door, one spelling of URLs, search, and what people may ask for (recrawl).
--
-- Those in schema archive that write are SECURITY DEFINER with a fixed search_path and not executable by PUBLIC;
-- `wirekeep db roles` grants them to operator and writer.

-- ------------------------------------------------------------------------------------------------ the queue

CREATE FUNCTION store.defer(queue text, task text, lock text, queueing_lock text, args jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (queue.procrastinate_defer_jobs_v1(ARRAY[
        ROW(queue, task, 0, lock, queueing_lock, args, NULL)::queue.procrastinate_job_to_defer_v1]))[1];
EXCEPTION
    WHEN unique_violation THEN
        RETURN NULL;
END
$$;
COMMENT ON FUNCTION store.defer IS 'Queue a job in the caller''s transaction and return its id; null where one with this queueing_lock waits already.';

-- ------------------------------------------------------------------------------------------------ URLs

CREATE FUNCTION store.escape(part text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(string_agg(
        CASE WHEN token ~ '^%[0-9A-Fa-f]{2}$' THEN
                 CASE WHEN upper(token) ~ '^%(2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])$'
                      THEN convert_from(decode(substr(token, 2), 'hex'), 'UTF8')
                      ELSE upper(token) END
             WHEN token ~ '^[A-Za-z0-9._~!$&''()*+,;=:@/?-]+$' THEN token
             ELSE regexp_replace(upper(encode(convert_to(token, 'UTF8'), 'hex')), '(..)', '%\1', 'g') END,
        '' ORDER BY place), '')
    FROM regexp_matches(part, '%[0-9A-Fa-f]{2}|[A-Za-z0-9._~!$&''()*+,;=:@/?-]+|.', 'g') WITH ORDINALITY AS m (found, place),
         LATERAL (SELECT found[1]) AS t (token)
$$;
COMMENT ON FUNCTION store.escape IS 'Percent-encoding of a path or query in its one spelling: unreserved characters bare, other escapes in upper case, the rest encoded as UTF-8.';

CREATE FUNCTION store.remove_dots(path text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept text[] := '{}';
    segment text;
BEGIN
    IF position('/.' IN path) = 0 THEN
        RETURN path;
    END IF;
    FOREACH segment IN ARRAY string_to_array(substr(path, 2), '/') LOOP
        IF segment = '..' THEN
            kept := trim_array(kept, least(1, cardinality(kept)));
        ELSIF segment <> '.' THEN
            kept := kept || segment;
        END IF;
    END LOOP;
    IF segment IN ('.', '..') THEN
        kept := kept || ''::text;
    END IF;
    RETURN '/' || array_to_string(kept, '/');
END
$$;
COMMENT ON FUNCTION store.remove_dots IS 'A path without dot segments (RFC 3986, 5.2.4).';

CREATE FUNCTION store.drop_tracking(query text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(part, '&' ORDER BY split_part(part, '=', 1) COLLATE "C", place)
    FROM unnest(string_to_array(query, '&')) WITH ORDINALITY AS p (part, place)
    WHERE part <> ''
      AND lower(split_part(part, '=', 1) COLLATE "C") <> ALL (ARRAY[
        'pk_campaign', 'pk_kwd', 'pk_source', 'pk_medium', 'fbclid', 'fb_action_ids', 'fb_action_types',
        'fb_source', 'fb_ref', 'gclid', 'gclsrc', 'dclid', 'gbraid', 'wbraid', '_ga', '_gl', 'srsltid',
        'msclkid', 'yclid', 'ysclid', '_openstat', 'twclid', 'ttclid', 'li_fat_id', 'epik', 'rdt_cid', 'igshid',
        'igsh', 'ref_src', 'ref_url', '__twitter_impression', '_branch_match_id', 'mc_cid', 'mc_eid', 'mkt_tok',
        '_hsenc', '_hsmi', 'hsctatracking', 'vero_id', 'oly_anon_id', 'oly_enc_id', 'at_medium', 'at_campaign',
        'at_campaign_type', 'at_format', 'at_bbc_team', 'at_ptr_name', 'xtor', 'ns_mchannel', 'ns_campaign',
        'ns_source', 'ns_linkname', 'ns_fee', 'wt.mc_id', 'ocid', 'ncid', 'icid', 'cmpid', 's_cid', 'smid',
        'smtyp', 'taid', 'traffic_source', 'maca', 'guccounter', 'guce_referrer', 'guce_referrer_sig', 'dicbo',
        'oborigurl', 'tblci', 'ef_id', 's_kwcid', 'irclickid'])
      AND NOT lower(split_part(part, '=', 1) COLLATE "C") LIKE ANY (ARRAY[
        'utm\_%', 'piwik\_%', 'mtm\_%', 'matomo\_%', 'at\_custom%', 'at\_link\_%', 'wt\_mc%'])
$$;
COMMENT ON FUNCTION store.drop_tracking IS 'A query sorted by name, without tracking parameters (the list of crawler/discover/urls.py); null where nothing is left.';

CREATE FUNCTION store.canonical_host(netloc text, scheme text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts text[] := regexp_match(netloc, '^(.*):([^:\]]*)$');
    name text := coalesce(parts[1], netloc);
    port text := coalesce(parts[2], '');
BEGIN
    IF netloc ~ '@' OR netloc ~ '[^\u0001-\u007f]' OR port ~ '[^0-9]' OR length(port) > 8 THEN
        RETURN NULL;
    ELSIF name ~ '^\[.*\]$' AND name !~ '%' THEN
        name := '[' || host(substr(name, 2, length(name) - 2)::inet) || ']';
    ELSE
        name := lower(regexp_replace(name, '\.$', '') COLLATE "C");
        IF length(name) > 253 OR name !~ '^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$' THEN
            RETURN NULL;
        END IF;
    END IF;
    IF port = '' THEN
        RETURN name;
    ELSIF port::integer NOT BETWEEN 1 AND 65535 THEN
        RETURN NULL;
    END IF;
    RETURN name || CASE WHEN (scheme, port::integer) IN (('http', 80), ('https', 443)) THEN '' ELSE ':' || port::integer END;
EXCEPTION
    WHEN invalid_text_representation THEN
        RETURN NULL;
END
$$;
COMMENT ON FUNCTION store.canonical_host IS 'Host of a URL in its one spelling, with :port where that is not the scheme''s own; null for what is none.';

CREATE FUNCTION store.canonical(url text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- White space, controls and the marks that Arabic texts carry in when a link is pasted.
    around constant text := '[\u0001-\u0020\u007f\u00a0\u200b\u200e\u200f\u202a-\u202c\u2066-\u2069\ufeff]+';
    longest constant integer := 16384;
    spelt text := regexp_replace(regexp_replace(url, '^' || around, ''), around || '$', '');
    parts text[];
    netloc text;
    path text;
    query text;
    kept text;
BEGIN
    IF length(spelt) > longest THEN
        RETURN NULL;
    END IF;
    spelt := regexp_replace(spelt, '[\t\r\n]+', '', 'g');
    parts := regexp_match(spelt, '^([^?]*)(.*)$');
    spelt := replace(parts[1], '\', '/') || parts[2];
    parts := regexp_match(spelt, '^(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?', 'i');
    IF parts IS NULL OR spelt ~ '[\u0001-\u001f\u007f]' THEN
        RETURN NULL;
    END IF;
    netloc := store.canonical_host(parts[2], lower(parts[1]));
    IF netloc IS NULL THEN
        RETURN NULL;
    END IF;
    path := coalesce(nullif(store.remove_dots(store.escape(parts[3])), ''), '/');
    query := nullif(store.escape(coalesce(parts[4], '')), '');
    IF length(lower(parts[1]) || '://' || netloc || path || coalesce('?' || query, '')) > longest THEN
        RETURN NULL;
    END IF;
    kept := store.drop_tracking(query);
    RETURN lower(parts[1]) || '://' || netloc || path || coalesce('?' || kept, '');
END
$$;
COMMENT ON FUNCTION store.canonical IS 'The one spelling of an absolute URL with an ASCII host, as crawler/discover/urls.py makes it; null for what cannot be crawled. A test holds both equal.';

CREATE FUNCTION store.hash_url(url text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(convert_to(url, 'UTF8'))
$$;
COMMENT ON FUNCTION store.hash_url IS 'sha256 of a URL: the key that URLs are found by.';

CREATE FUNCTION store.host_of(canonical text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT substring(canonical FROM '^https?://([^/?#]+)')
$$;
COMMENT ON FUNCTION store.host_of IS 'Host of a canonical URL, as in store.host.';

CREATE FUNCTION store.weigh(n store.announcement) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 4 * (n.content IS NOT NULL)::integer + 4 * (n.published_at IS NOT NULL)::integer
         + 2 * (n.title IS NOT NULL)::integer + 2 * (n.summary IS NOT NULL)::integer
         + (n.authors <> '{}')::integer + (n.tags <> '{}')::integer + (n.modified_at IS NOT NULL)::integer
$$;
COMMENT ON FUNCTION store.weigh IS 'How much an announcement says of its link: the richest one of a URL is used.';

-- ------------------------------------------------------------------------------------------------ search

CREATE FUNCTION store.fold(original text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    -- From the inside: presentation forms and ligatures become letters; harakat, tatweel, Quranic marks, joiners and
    -- bidi marks go; punctuation becomes space (in a C locale PostgreSQL's parser takes an Arabic comma for a letter);
    -- alef forms, Persian letters and digits become one each; then a final heh becomes teh marbuta (never the other
    -- way: it breaks the Arabic stemmer). translate() looks at each letter of its list for each letter of the text, so
    -- its lists are short and the rare ones stand behind a test (0.7 ms an article before, 0.2 ms so).
    SELECT regexp_replace(
        CASE WHEN folded ~ '[٠-٩۰-۹]' THEN translate(folded, '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', '01234567890123456789') ELSE folded END,
        '([\u0621-\u064a])ه(?![\u0621-\u064a])', '\1ة', 'g')
    FROM (SELECT CASE WHEN original IS NFKC NORMALIZED THEN original ELSE normalize(original, NFKC) END) AS n (plain),
         LATERAL (SELECT translate(
             regexp_replace(
                 regexp_replace(
                     plain,
                     '[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+',
                     '', 'g'),
                 '[،؛؟٪٫٬٭۔«»“”„‘’‚‹›…–—―•·]', ' ', 'g'),
             'أإآىیکٱگ', 'اااييكاك')) AS f (folded)
$$;
COMMENT ON FUNCTION store.fold IS 'Spellings of one word made one, for search only: the stored text is never folded.';

CREATE FUNCTION store.search_config(language text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE split_part(lower(language), '-', 1)
        WHEN 'ar' THEN 'arabic' WHEN 'ca' THEN 'catalan' WHEN 'da' THEN 'danish' WHEN 'de' THEN 'german'
        WHEN 'el' THEN 'greek' WHEN 'en' THEN 'english' WHEN 'es' THEN 'spanish' WHEN 'eu' THEN 'basque'
        WHEN 'fi' THEN 'finnish' WHEN 'fr' THEN 'french' WHEN 'ga' THEN 'irish' WHEN 'hi' THEN 'hindi'
        WHEN 'hu' THEN 'hungarian' WHEN 'hy' THEN 'armenian' WHEN 'id' THEN 'indonesian' WHEN 'it' THEN 'italian'
        WHEN 'lt' THEN 'lithuanian' WHEN 'nb' THEN 'norwegian' WHEN 'ne' THEN 'nepali' WHEN 'nl' THEN 'dutch'
        WHEN 'nn' THEN 'norwegian' WHEN 'no' THEN 'norwegian' WHEN 'pt' THEN 'portuguese' WHEN 'ro' THEN 'romanian'
        WHEN 'ru' THEN 'russian' WHEN 'sr' THEN 'serbian' WHEN 'sv' THEN 'swedish' WHEN 'ta' THEN 'tamil'
        WHEN 'tr' THEN 'turkish' WHEN 'yi' THEN 'yiddish'
        ELSE 'simple' END
$$;
COMMENT ON FUNCTION store.search_config IS 'PostgreSQL''s text search configuration for a language; simple where it has none.';

CREATE FUNCTION store.analyser() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT 1 $$;
COMMENT ON FUNCTION store.analyser IS 'Version of what fills store.search; rows of another are refilled by `wirekeep db reindex`.';

CREATE FUNCTION store.search_vector(config text, title text, summary text, body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
    -- A tsvector holds at most 1 MiB: 150,000 letters of 4 bytes with their positions stay below.
    SELECT setweight(to_tsvector(config::regconfig, store.fold(left(coalesce(title, ''), 5000))), 'A')
        || setweight(to_tsvector(config::regconfig, store.fold(left(coalesce(summary, ''), 20000))), 'B')
        || setweight(to_tsvector(config::regconfig, store.fold(left(body, 150000))), 'D')
$$;
COMMENT ON FUNCTION store.search_vector IS 'What is searched of an article: title A, summary B, text D.';

CREATE FUNCTION store.fill_search(article bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO store.search (article_id, config, analyser, vector)
    SELECT a.article_id, c.config, store.analyser(), store.search_vector(c.config, e.title, e.summary, e.text)
    FROM store.article a
    JOIN store.revision r ON r.revision_id = a.revision_id
    JOIN store.extraction e ON e.extraction_id = r.extraction_id,
    LATERAL store.search_config(e.language) AS c (config)
    WHERE a.article_id = article
    ON CONFLICT (article_id) DO UPDATE
    SET config = excluded.config, analyser = excluded.analyser, vector = excluded.vector
$$;
COMMENT ON FUNCTION store.fill_search IS 'Fill the search row of one article from its current text.';

CREATE FUNCTION store.refill_search(batch integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    article bigint;
    filled integer := 0;
BEGIN
    FOR article IN
        SELECT a.article_id
        FROM store.article a
        LEFT JOIN store.search s ON s.article_id = a.article_id
        WHERE a.revision_id IS NOT NULL AND s.analyser IS DISTINCT FROM store.analyser()
        ORDER BY a.article_id
        LIMIT batch
        FOR NO KEY UPDATE OF a SKIP LOCKED
    LOOP
        PERFORM store.fill_search(article);
        filled := filled + 1;
    END LOOP;
    RETURN filled;
END
$$;
COMMENT ON FUNCTION store.refill_search IS 'Fill up to batch search rows that are missing or of another analyser; returns how many.';

CREATE FUNCTION archive.search(
    q text, lang text DEFAULT NULL, in_source text DEFAULT NULL, by_agency text DEFAULT NULL,
    since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, max_rows integer DEFAULT 20
) RETURNS TABLE (
    article_id bigint, rank real, source text, url text, title text, headline text, language text, agencies text[],
    dated_at timestamptz, dated_by text, edits integer, gone_at timestamptz
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
#variable_conflict use_column
DECLARE
    asked constant text := translate(q, '“”„«»', '"""""');
    folded constant text := store.fold(asked);
    config text;
    part tsquery;
    wide tsquery := '';
BEGIN
    -- One query over the index for all languages at once; each row is then held to its own language's query.
    FOR config IN
        SELECT c.cfgname::text FROM pg_ts_config c
        WHERE c.cfgnamespace = 'pg_catalog'::regnamespace AND (lang IS NULL OR c.cfgname = store.search_config(lang))
    LOOP
        part := websearch_to_tsquery(config::regconfig, folded);
        wide := CASE WHEN numnode(wide) = 0 THEN part WHEN numnode(part) = 0 THEN wide ELSE wide || part END;
    END LOOP;
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT s.article_id AS id, s.config, ts_rank_cd(s.vector, w.query, 1) AS rank, a.dated_at AS at
        FROM store.search s
        JOIN store.article a ON a.article_id = s.article_id
        JOIN store.source o ON o.source_id = a.source_id
        JOIN store.revision r ON r.revision_id = a.revision_id
        JOIN store.extraction e ON e.extraction_id = r.extraction_id,
        LATERAL (SELECT websearch_to_tsquery(s.config::regconfig, folded)) AS w (query)
        WHERE s.vector @@ wide AND s.vector @@ w.query
          AND (lang IS NULL OR split_part(lower(e.language), '-', 1) = split_part(lower(lang), '-', 1))
          AND (in_source IS NULL OR o.name = in_source)
          AND (since IS NULL OR a.dated_at >= since)
          AND (until IS NULL OR a.dated_at < until)
          AND (by_agency IS NULL OR EXISTS (
              SELECT FROM store.credit c
              WHERE c.extraction_id = e.extraction_id AND lower(c.agency) = lower(by_agency)))
        ORDER BY 3 DESC, 4 DESC, 1
        LIMIT max_rows
    )
    SELECT t.id, f.rank, t.source, t.url, t.title,
           ts_headline(f.config::regconfig, t.text,
                       websearch_to_tsquery(f.config::regconfig, folded) || websearch_to_tsquery(f.config::regconfig, asked),
                       'StartSel=[, StopSel=], MaxFragments=2, MaxWords=24, MinWords=8, FragmentDelimiter=" … "'),
           t.language, t.agencies, t.dated_at, t.dated_by, t.edits, t.gone_at
    FROM found f
    JOIN archive.articles t ON t.id = f.id
    ORDER BY f.rank DESC, f.at DESC, f.id;
END
$$;
COMMENT ON FUNCTION archive.search IS 'Articles that hold the words, best first: "a phrase", or, -without. Dates select on dated_at; headline marks what was found by [ ].';

CREATE FUNCTION archive.raw_text(extraction_id bigint) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    raw text := (SELECT e.text FROM store.extraction e WHERE e.extraction_id = raw_text.extraction_id);
    gap record;
BEGIN
    FOR gap IN
        SELECT m.start_at, m.span FROM store.removal m
        WHERE m.extraction_id = raw_text.extraction_id
        ORDER BY m.start_at, m.ordinal
    LOOP
        raw := left(raw, gap.start_at) || gap.span || substr(raw, gap.start_at + 1);
    END LOOP;
    RETURN raw;
END
$$;
COMMENT ON FUNCTION archive.raw_text IS 'The text of an extraction as it was before cleaning: its text with every removal put back. Null for an unknown one.';

-- ------------------------------------------------------------------------------------------------ recrawl

CREATE FUNCTION store.near_names(name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Names that share most pairs of letters with it: core PostgreSQL has no pg_trgm.
    SELECT coalesce(string_agg(near.name, ', ' ORDER BY near.shared DESC, near.name), 'none')
    FROM (
        SELECT s.name, count(*) FILTER (WHERE position(substr(s.name, i, 2) IN lower(near_names.name)) > 0)::real
                       / greatest(length(s.name) - 1, 1) AS shared
        FROM store.source s, generate_series(1, greatest(length(s.name) - 1, 1)) AS i
        WHERE s.retired_at IS NULL
        GROUP BY s.name
        ORDER BY 2 DESC, 1
        LIMIT 5
    ) near
$$;
COMMENT ON FUNCTION store.near_names IS 'The five source names most like this one, for messages.';

CREATE FUNCTION store.find_target(asked text, OUT url text, OUT host text, OUT frontier_id bigint, OUT source_id integer)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    spelt text := store.canonical(asked);
    fetched bytea;
    own integer;
BEGIN
    IF spelt IS NULL THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('%s is not a URL that can be fetched', left(quote_literal(asked), 200)),
            HINT = 'Expected http(s)://host/path, a host name with other letters in its xn-- form.';
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
COMMENT ON FUNCTION store.find_target IS 'The URL that is fetched when this one (any spelling or alias) is asked for, and the source that covers it.';

CREATE FUNCTION store.request_once(
    kind text, asked text, key text, source_id integer, since timestamptz, force boolean
) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    request bigint;
BEGIN
    LOOP
        INSERT INTO store.request (kind, asked, key, source_id, since, force)
        VALUES (request_once.kind, left(request_once.asked, 16384), request_once.key, request_once.source_id,
                request_once.since, request_once.force)
        ON CONFLICT (kind, key) WHERE finished_at IS NULL DO NOTHING
        RETURNING request_id INTO request;
        IF request IS NOT NULL THEN
            UPDATE store.request q
            SET job_id = store.defer('demand', 'serve_request', NULL, NULL, jsonb_build_object('request_id', request))
            WHERE q.request_id = request;
            RETURN request;
        END IF;
        -- One waits: it is that one, and it is forced from now on if this one is.
        UPDATE store.request q
        SET force = q.force OR request_once.force
        WHERE q.kind = request_once.kind AND q.key = request_once.key AND q.finished_at IS NULL
        RETURNING q.request_id INTO request;
        IF request IS NOT NULL THEN
            RETURN request;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION store.request_once IS 'Ask for a re-crawl and queue it; where one with this key waits, that one is returned.';

CREATE FUNCTION archive.recrawl(url text, force boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    target record;
BEGIN
    SELECT * INTO target FROM store.find_target(recrawl.url);
    RETURN store.request_once('url', recrawl.url, target.url, target.source_id, NULL, coalesce(recrawl.force, false));
END
$$;
COMMENT ON FUNCTION archive.recrawl IS 'Fetch a URL again now (any spelling or alias; an unknown one of a known host is archived). Returns the id in archive.requests.';

CREATE FUNCTION archive.recrawl_source(name text, since timestamptz DEFAULT NULL, force boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source integer := (SELECT s.source_id FROM store.source s WHERE s.name = recrawl_source.name AND s.retired_at IS NULL);
BEGIN
    IF source IS NULL THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('no source is called %s', left(coalesce(quote_literal(recrawl_source.name), 'NULL'), 200)),
            HINT = format('Names like it: %s.', store.near_names(recrawl_source.name));
    END IF;
    RETURN store.request_once(
        'source', recrawl_source.name,
        recrawl_source.name || coalesce(to_char(since AT TIME ZONE 'UTC', '" since "YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), ''),
        source, recrawl_source.since, coalesce(recrawl_source.force, false));
END
$$;
COMMENT ON FUNCTION archive.recrawl_source IS 'Fetch the articles of a source again now: all, or those first seen since a moment. Returns the id in archive.requests.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA store FROM PUBLIC;
REVOKE ALL ON FUNCTION archive.recrawl(text, boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION archive.recrawl_source(text, timestamptz, boolean) FROM PUBLIC;
