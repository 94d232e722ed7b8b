-- Functions: the queue's door, URLs and Arabic letters in SQL, and what people call: recrawl, search, raw_text.

CREATE FUNCTION store.defer(p_queue text, p_task text, p_lock text, p_queueing_lock text, p_args jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ids bigint[];
BEGIN
    -- Looked up first: the exception block below costs a subtransaction, and a waiting job is the usual case.
    IF p_queueing_lock IS NOT NULL AND EXISTS (
        SELECT FROM queue.procrastinate_jobs j WHERE j.queueing_lock = p_queueing_lock AND j.status = 'todo') THEN
        RETURN NULL;
    END IF;
    ids := queue.procrastinate_defer_jobs_v1(ARRAY[
        ROW(p_queue, p_task, 0, p_lock, p_queueing_lock, p_args, NULL)::queue.procrastinate_job_to_defer_v1]);
    RETURN ids[1];
EXCEPTION WHEN unique_violation THEN
    RETURN NULL;
END $$;
COMMENT ON FUNCTION store.defer IS 'Queue a job in this transaction; null where one with the same queueing lock waits already.';

CREATE FUNCTION store.defer_crawl(p_name text, p_kind text, p_slot bigint DEFAULT NULL) RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT store.defer('crawl', 'crawl_source', 'source:' || p_name, 'source:' || p_name,
                       jsonb_build_object('name', p_name, 'kind', p_kind, 'slot', p_slot))
$$;
COMMENT ON FUNCTION store.defer_crawl IS 'Queue a crawl of a source; null where one waits already.';

-- URLs: the twin of crawler/discover/urls.py for absolute URLs; a test holds the two equal.

CREATE FUNCTION store.tracking_pattern() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '^(utm_.*|pk_campaign|pk_kwd|pk_source|pk_medium|piwik_.*|mtm_.*|matomo_.*'
        || '|fbclid|fb_action_ids|fb_action_types|fb_source|fb_ref'
        || '|gclid|gclsrc|dclid|gbraid|wbraid|_ga|_gl|srsltid'
        || '|msclkid|yclid|ysclid|_openstat|twclid|ttclid|li_fat_id|epik|rdt_cid'
        || '|igshid|igsh|ref_src|ref_url|__twitter_impression|_branch_match_id'
        || '|mc_cid|mc_eid|mkt_tok|_hsenc|_hsmi|hsctatracking|vero_id|oly_anon_id|oly_enc_id'
        || '|at_medium|at_campaign|at_campaign_type|at_custom.*|at_format|at_link_.*|at_bbc_team'
        || '|at_ptr_name|xtor|ns_mchannel|ns_campaign|ns_source|ns_linkname|ns_fee|wt\.mc_id|wt_mc.*'
        || '|ocid|ncid|icid|cmpid|s_cid|smid|smtyp|taid|traffic_source|maca'
        || '|guccounter|guce_referrer|guce_referrer_sig|dicbo|oborigurl|tblci|ef_id|s_kwcid|irclickid)$'
$$;
COMMENT ON FUNCTION store.tracking_pattern IS 'Names of query parameters that say how a reader came, never which story it is.';

CREATE FUNCTION store.mend_url(part text, allowed text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    result text := '';
    rest text := part;
    character text;
    code integer;
BEGIN
    IF part ~ ('^(?:[' || allowed || ']|%[89A-F][0-9A-F])*$') THEN
        RETURN part;
    END IF;
    WHILE rest <> '' LOOP
        character := left(rest, 1);
        IF rest ~ '^%[0-9A-Fa-f]{2}' THEN
            code := get_byte(decode(substr(rest, 2, 2), 'hex'), 0);
            IF code < 128 AND chr(greatest(code, 1)) ~ '^[A-Za-z0-9._~-]$' THEN
                result := result || chr(code);
            ELSE
                result := result || upper(left(rest, 3));
            END IF;
            rest := substr(rest, 4);
        ELSE
            IF character = '%' THEN
                result := result || '%25';
            ELSIF character ~ ('^[' || allowed || ']$') THEN
                result := result || character;
            ELSE
                result := result || upper(regexp_replace(encode(convert_to(character, 'UTF8'), 'hex'), '(..)', '%\1', 'g'));
            END IF;
            rest := substr(rest, 2);
        END IF;
    END LOOP;
    RETURN result;
END $$;
COMMENT ON FUNCTION store.mend_url IS 'One spelling for percent-encoding: unreserved characters raw, other escapes in upper case, the rest as UTF-8.';

CREATE FUNCTION store.remove_dots(path text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept text[] := '{}';
    segment text;
    segments text[];
BEGIN
    IF path = '' THEN RETURN '/'; END IF;
    IF path !~ '/\.' THEN RETURN path; END IF;
    segments := (string_to_array(path, '/'))[2:];
    FOREACH segment IN ARRAY segments LOOP
        IF segment = '..' THEN
            kept := kept[1:cardinality(kept) - 1];
        ELSIF segment <> '.' THEN
            kept := kept || segment;
        END IF;
    END LOOP;
    IF segments[cardinality(segments)] IN ('.', '..') THEN
        kept := kept || ''::text;
    END IF;
    RETURN '/' || array_to_string(kept, '/');
END $$;
COMMENT ON FUNCTION store.remove_dots IS 'RFC 3986, 5.2.4.';

CREATE FUNCTION store.canonical(url text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    given text := regexp_replace(btrim(url, E' \t\r\n' || chr(160) || chr(8206) || chr(8207) || chr(65279)), '[\t\r\n]+', '', 'g');
    parts text[];
    scheme text;
    host text;
    port text;
    path text;
    query text;
BEGIN
    parts := regexp_match(given, '^(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?', 'i');
    IF parts IS NULL OR parts[2] = '' OR parts[2] ~ '[@\s]' OR given ~ '[\x01-\x1f\x7f]' OR length(given) > 16384 THEN
        RETURN NULL;
    END IF;
    scheme := lower(parts[1]);
    port := substring(parts[2] FROM ':([0-9]+)$');
    host := rtrim(lower(regexp_replace(parts[2], ':[0-9]*$', '')), '.');
    IF port IS NOT NULL THEN
        IF length(port) > 8 OR port::bigint NOT BETWEEN 1 AND 65535 THEN RETURN NULL; END IF;
        port := port::bigint::text;
        IF NOT ((scheme = 'http' AND port = '80') OR (scheme = 'https' AND port = '443')) THEN
            host := host || ':' || port;
        END IF;
    END IF;
    IF host !~ '^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]+)?$' THEN
        RETURN NULL;
    END IF;
    path := store.remove_dots(store.mend_url(replace(coalesce(parts[3], ''), '\', '/'), 'A-Za-z0-9._~!$&''()*+,;=:@/-'));
    query := store.mend_url(coalesce(parts[4], ''), 'A-Za-z0-9._~!$&''()*+,;=:@/?-');
    SELECT string_agg(part, '&' ORDER BY split_part(part, '=', 1) COLLATE "C", place)
      INTO query
      FROM regexp_split_to_table(query, '&') WITH ORDINALITY AS pieces(part, place)
     WHERE part <> '' AND lower(split_part(part, '=', 1)) !~ store.tracking_pattern();
    RETURN scheme || '://' || host || path || CASE WHEN query IS NULL THEN '' ELSE '?' || query END;
END $$;
COMMENT ON FUNCTION store.canonical IS 'The canonical spelling of an absolute http(s) URL; null for what cannot be crawled. International host names must come encoded.';

CREATE FUNCTION store.host_of(canonical_url text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT substring(canonical_url FROM '^https?://([^/?#]+)')
$$;
COMMENT ON FUNCTION store.host_of IS 'Host of a canonical URL, with :port where it is not the default.';

CREATE FUNCTION store.hash_url(url text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(url, 'UTF8'))
$$;
COMMENT ON FUNCTION store.hash_url IS 'Key of a URL.';

-- Re-crawl on demand.

CREATE FUNCTION store.find_source(p_canonical text) RETURNS integer
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(
        (SELECT a.source_id FROM store.alias l JOIN store.article a USING (article_id) WHERE l.url_hash = store.hash_url(p_canonical)),
        (SELECT a.source_id FROM store.article a WHERE a.url_hash = store.hash_url(p_canonical)),
        (SELECT f.source_id FROM store.frontier f WHERE f.url_hash = store.hash_url(p_canonical)),
        (SELECT h.source_id FROM store.source_host h JOIN store.source s USING (source_id)
          WHERE h.host = store.host_of(p_canonical) AND s.retired_at IS NULL
          ORDER BY s.enabled DESC, s.source_id LIMIT 1))
$$;
COMMENT ON FUNCTION store.find_source IS 'The source that brought a URL, or that covers its host; null where none does.';

CREATE FUNCTION store.place_request(p_kind text, p_asked text, p_key text, p_source integer, p_since timestamptz, p_force boolean)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    id bigint;
BEGIN
    -- Two sessions at once: one inserts, the other finds; a request that ends in between makes room for a new one.
    FOR attempt IN 1..10 LOOP
        INSERT INTO store.request (kind, asked, key, source_id, since, force, asked_by)
        VALUES (p_kind, p_asked, p_key, p_source, p_since, p_force, session_user)
        ON CONFLICT (kind, key) WHERE finished_at IS NULL DO NOTHING
        RETURNING request_id INTO id;
        IF id IS NOT NULL THEN
            UPDATE store.request SET job_id = store.defer('demand', 'serve_request', NULL, 'request:' || id,
                                                          jsonb_build_object('request_id', id))
             WHERE request_id = id;
            RETURN id;
        END IF;
        UPDATE store.request SET force = force OR p_force
         WHERE kind = p_kind AND key = p_key AND finished_at IS NULL
        RETURNING request_id INTO id;
        IF id IS NOT NULL THEN
            RETURN id;
        END IF;
    END LOOP;
    RAISE EXCEPTION 'the request for % could not be placed: others end and begin all the time; try again', p_key;
END $$;
COMMENT ON FUNCTION store.place_request IS 'A request and its job, or the one that waits already.';

CREATE FUNCTION archive.recrawl(url text, force boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    canonical text := store.canonical(url);
    source integer;
    target text;
BEGIN
    IF canonical IS NULL THEN
        RAISE EXCEPTION '% is not a URL that can be fetched', quote_literal(url)
            USING HINT = 'expected http(s)://host/path', ERRCODE = 'invalid_parameter_value';
    END IF;
    source := store.find_source(canonical);
    IF source IS NULL THEN
        RAISE EXCEPTION 'no source covers the host %', store.host_of(canonical)
            USING HINT = format('add to a [[source]] in sources.toml:  hosts = ["%s"]', store.host_of(canonical)),
                  ERRCODE = 'invalid_parameter_value';
    END IF;
    -- An alias and its article are one request: the key is the URL whose captures make the article's revisions.
    SELECT f.url INTO target
      FROM store.article a
      JOIN store.frontier f ON f.url_hash = a.fetch_url_hash
     WHERE a.url_hash = store.hash_url(canonical)
        OR a.article_id = (SELECT l.article_id FROM store.alias l WHERE l.url_hash = store.hash_url(canonical))
     LIMIT 1;
    RETURN store.place_request('url', url, coalesce(target, canonical), source, NULL, force);
END $$;
COMMENT ON FUNCTION archive.recrawl IS 'Ask for a URL to be fetched now: any spelling or alias of a known one, or an unknown one on a host that a source covers. Returns the request''s id, the same while it waits; see archive.requests.';

CREATE FUNCTION archive.recrawl_source(name text, since timestamptz DEFAULT NULL, force boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source integer;
    known text;
BEGIN
    SELECT s.source_id INTO source FROM store.source s WHERE s.name = recrawl_source.name AND s.retired_at IS NULL;
    IF source IS NULL THEN
        SELECT string_agg(s.name, ', ' ORDER BY s.name) INTO known FROM store.source s WHERE s.retired_at IS NULL;
        RAISE EXCEPTION 'no source is called %', quote_literal(name)
            USING HINT = 'known: ' || coalesce(known, 'none'), ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN store.place_request('source', name, name || coalesce(' since ' || since::text, ''), source, since, force);
END $$;
COMMENT ON FUNCTION archive.recrawl_source IS 'Ask for all stories of a source (first seen since a moment) to be fetched again. Returns the request''s id.';

REVOKE EXECUTE ON FUNCTION archive.recrawl(text, boolean), archive.recrawl_source(text, timestamptz, boolean) FROM PUBLIC;

-- Text.

CREATE FUNCTION archive.raw_text(extraction_id bigint) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rest text;
    raw text := '';
    gap integer;
    removed record;
BEGIN
    SELECT e.text INTO rest FROM store.extraction e WHERE e.extraction_id = raw_text.extraction_id;
    FOR removed IN SELECT m.start_at, m.span FROM store.removal m
                    WHERE m.extraction_id = raw_text.extraction_id ORDER BY m.start_at, m.ordinal LOOP
        gap := removed.start_at - length(raw);
        raw := raw || left(rest, gap) || removed.span;
        rest := substr(rest, gap + 1);
    END LOOP;
    RETURN raw || rest;
END $$;

CREATE FUNCTION store.fold(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- NFKC opens presentation forms; then harakat, tatweel and marks of direction go, alef forms become one, ى becomes ي,
    -- Persian letters their Arabic twins, a final ه becomes ة (never the other way: it breaks the stemmer), digits Western.
    SELECT regexp_replace(
        translate(
            regexp_replace(lower(normalize(given, NFKC)), '[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200b-\u200f\u202a-\u202e\u2066-\u2069]', '', 'g'),
            'أإآٱىیکھہۀ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', 'ااااييكهها01234567890123456789'),
        'ه(?![\u0621-\u064a])', 'ة', 'g')
$$;
COMMENT ON FUNCTION store.fold IS 'One spelling for the spellings of Arabic (and case and width of other scripts), for searching only.';

CREATE FUNCTION store.search_config(language text) RETURNS regconfig LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE left(lower(coalesce(language, '')), 2)
        WHEN 'ar' THEN 'pg_catalog.arabic' WHEN 'en' THEN 'pg_catalog.english' WHEN 'fr' THEN 'pg_catalog.french'
        WHEN 'de' THEN 'pg_catalog.german' WHEN 'es' THEN 'pg_catalog.spanish' WHEN 'it' THEN 'pg_catalog.italian'
        WHEN 'pt' THEN 'pg_catalog.portuguese' WHEN 'nl' THEN 'pg_catalog.dutch' WHEN 'ru' THEN 'pg_catalog.russian'
        WHEN 'tr' THEN 'pg_catalog.turkish' WHEN 'sv' THEN 'pg_catalog.swedish' WHEN 'da' THEN 'pg_catalog.danish'
        WHEN 'no' THEN 'pg_catalog.norwegian' WHEN 'nb' THEN 'pg_catalog.norwegian' WHEN 'fi' THEN 'pg_catalog.finnish'
        WHEN 'id' THEN 'pg_catalog.indonesian' WHEN 'el' THEN 'pg_catalog.greek' WHEN 'hu' THEN 'pg_catalog.hungarian'
        WHEN 'ro' THEN 'pg_catalog.romanian' ELSE 'pg_catalog.simple' END::regconfig
$$;
COMMENT ON FUNCTION store.search_config IS 'Text search configuration for a language.';

CREATE FUNCTION store.search_analyser() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT 1 $$;
COMMENT ON FUNCTION store.search_analyser IS 'Version of what fills store.search; rows of an older one are refilled by `wirekeep db reindex`.';

CREATE FUNCTION store.search_vector(config regconfig, title text, summary text, body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    -- A tsvector holds at most 1 MB and positions up to 16383: the first 400,000 characters of a text are searched.
    SELECT setweight(to_tsvector(config, store.fold(coalesce(title, ''))), 'A')
        || setweight(to_tsvector(config, store.fold(coalesce(summary, ''))), 'B')
        || setweight(to_tsvector(config, store.fold(left(coalesce(body, ''), 400000))), 'D')
$$;
COMMENT ON FUNCTION store.search_vector IS 'Search vector of a story: title A, summary B, text D.';

CREATE FUNCTION store.fill_search(p_article_id bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO store.search (article_id, config, analyser, vector)
    SELECT a.article_id, store.search_config(e.language)::text, store.search_analyser(),
           store.search_vector(store.search_config(e.language), e.title, e.summary, e.text)
      FROM store.article a
      JOIN store.revision r ON r.revision_id = a.revision_id
      JOIN store.extraction e ON e.extraction_id = r.extraction_id
     WHERE a.article_id = p_article_id
    ON CONFLICT (article_id) DO UPDATE
       SET config = excluded.config, analyser = excluded.analyser, vector = excluded.vector
$$;
COMMENT ON FUNCTION store.fill_search IS 'Fill the search vector of one story from its current text.';

CREATE FUNCTION archive.search(
    q text, in_language text DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
    from_source text DEFAULT NULL, by_agency text DEFAULT NULL, most integer DEFAULT 20)
RETURNS TABLE (rank real, id bigint, source text, url text, title text, dated_at timestamptz, language text, agencies text[], excerpt text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    folded text := store.fold(search.q);
BEGIN
    RETURN QUERY
    WITH configs AS MATERIALIZED (
        -- Each configuration that stories use, with the query as that configuration reads it.
        SELECT c.name, websearch_to_tsquery(c.name::regconfig, folded) AS wanted
          FROM (SELECT DISTINCT store.search_config(l)::text AS name
                  FROM unnest(CASE WHEN search.in_language IS NULL
                              THEN ARRAY['ar', 'en', 'fr', 'de', 'es', 'it', 'pt', 'nl', 'ru', 'tr', 'sv', 'da', 'no', 'fi',
                                         'id', 'el', 'hu', 'ro', '-']
                              ELSE ARRAY[search.in_language] END) AS l) AS c
    ), hits AS (
        SELECT v.article_id, c.name AS config, c.wanted, ts_rank_cd(v.vector, c.wanted, 32) AS rank
          FROM configs c JOIN store.search v ON v.config = c.name AND v.vector @@ c.wanted
    )
    SELECT h.rank, a.id, a.source, a.url, a.title, a.dated_at, a.language, a.agencies,
           ts_headline(h.config::regconfig, coalesce(a.summary || ' ', '') || left(a.text, 20000), h.wanted,
                       'StartSel=[, StopSel=], MaxWords=30, MinWords=12, MaxFragments=1')
      FROM hits h JOIN archive.articles a ON a.id = h.article_id
     WHERE (search.in_language IS NULL OR a.language = search.in_language)
       AND (search.since IS NULL OR a.dated_at >= search.since)
       AND (search.until IS NULL OR a.dated_at < search.until)
       AND (search.from_source IS NULL OR a.source = search.from_source)
       AND (search.by_agency IS NULL OR search.by_agency = ANY (a.agencies))
     ORDER BY h.rank DESC, a.dated_at DESC
     LIMIT search.most;
END $$;
COMMENT ON FUNCTION archive.search IS 'Stories that match: words, "phrases", or, -not; any spelling of Arabic letters. Best first.';
COMMENT ON FUNCTION archive.raw_text IS 'The raw extraction: text and removals put together, exactly as the extractor gave it.';
