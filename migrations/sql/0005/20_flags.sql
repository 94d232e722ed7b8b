-- What the flags of an extraction may say has grown.

COMMENT ON COLUMN store.extraction.flags IS 'truncated, paywalled, live_blog, nul_removed …; noarchive, noindex, noai, tdm_reserved: what the page or its answer stated.';
COMMENT ON COLUMN archive.articles.flags IS 'What to know before using the text: truncated, paywalled, live_blog, nul_removed …; noarchive, noindex, noai (robots meta element or X-Robots-Tag) and tdm_reserved (TDM-Reservation): what the publisher stated.';
