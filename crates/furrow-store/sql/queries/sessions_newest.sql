-- Sessions of one property, newest interaction first.
SELECT
    tenant,
    property,
    session,
    version,
    visitor,
    status,
    first_record,
    last_record,
    started,
    last_interaction,
    device,
    os,
    browser,
    automated,
    entry_path,
    exit_path,
    batches,
    interactions,
    samples,
    presses,
    gaps,
    reordered,
    unknown,
    senders,
    engaged_ms,
    toUInt16(round(scroll_depth * 1000)) AS scroll_depth_milli,
    signals,
    page_views,
    conversions,
    scored,
    toUInt16(round(ifNull(frustration, 0) * 1000)) AS frustration_milli,
    toUInt16(round(ifNull(engagement, 0) * 1000)) AS engagement_milli,
    toUInt16(round(ifNull(technical, 0) * 1000)) AS technical_milli,
    toUInt16(round(ifNull(experience, 0) * 1000)) AS experience_milli,
    toUInt16(round(ifNull(frustration_at_last_interaction, 0) * 1000)) AS frustration_now_milli,
    toUInt16(round(confidence * 1000)) AS confidence_milli,
    arrayMap(c -> (c.1, c.2, c.3, toUInt16(round(c.4 * 1000)), c.5), v.contributors) AS contributors,
    fold_version,
    rules
FROM v_sessions AS v
WHERE tenant = {tenant:String}
  AND property = {property:String}
  AND last_interaction < fromUnixTimestamp64Milli({before_ms:Int64}, 'UTC')
  AND ({frustration_min:UInt16} = 0 OR frustration_milli >= {frustration_min:UInt16})
ORDER BY last_interaction DESC, session DESC
LIMIT {limit:UInt32}
