-- How much there is of everything, and how new the newest of it is.
SELECT
    assumeNotNull((SELECT count() FROM v_sessions)) AS sessions,
    assumeNotNull((SELECT count() FROM v_signals)) AS signals,
    assumeNotNull((SELECT count() FROM v_page_views)) AS page_views,
    assumeNotNull((SELECT count() FROM v_conversions)) AS conversions,
    assumeNotNull((SELECT count() FROM v_batches)) AS batches,
    assumeNotNull((SELECT toUnixTimestamp64Milli(max(last_record)) FROM v_sessions)) AS newest_record_ms
