-- How much there is of everything, and how new the newest of it is.
SELECT
    (SELECT count() FROM v_sessions) AS sessions,
    (SELECT count() FROM v_signals) AS signals,
    (SELECT count() FROM v_page_views) AS page_views,
    (SELECT count() FROM v_conversions) AS conversions,
    (SELECT count() FROM v_batches) AS batches,
    (SELECT toInt64(toUnixTimestamp64Milli(max(last_record))) FROM v_sessions) AS newest_record_ms
