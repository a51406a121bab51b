-- The signals of one session, in their order.
SELECT
    tenant,
    property,
    session,
    ordinal,
    version,
    visitor,
    first_record,
    signal,
    at,
    duration_ms,
    page_view,
    path,
    target,
    selector,
    label,
    x,
    y,
    toUInt16(round(intensity * 1000)) AS intensity_milli,
    evidence_count,
    evidence_at,
    reason,
    rule_version
FROM v_signals
WHERE tenant = {tenant:String}
  AND property = {property:String}
  AND session = {session:UUID}
ORDER BY ordinal
