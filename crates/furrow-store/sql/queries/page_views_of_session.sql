-- The page views of one session, in their order.
SELECT
    tenant,
    property,
    session,
    ordinal,
    version,
    visitor,
    first_record,
    path,
    page_group,
    started,
    last_interaction,
    engaged_ms,
    toUInt16(round(scroll_depth * 1000)) AS scroll_depth_milli,
    presses,
    interactions,
    toUInt16(round(frustration * 1000)) AS frustration_milli,
    toUInt16(round(engagement * 1000)) AS engagement_milli,
    toUInt16(round(technical * 1000)) AS technical_milli,
    toUInt16(round(experience * 1000)) AS experience_milli
FROM v_page_views
WHERE tenant = {tenant:String}
  AND property = {property:String}
  AND session = {session:UUID}
ORDER BY ordinal
