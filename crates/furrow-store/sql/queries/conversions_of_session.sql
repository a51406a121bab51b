-- The conversions that one session reported, in their order.
SELECT
    tenant,
    property,
    session,
    ordinal,
    version,
    visitor,
    first_record,
    order_id,
    kind,
    at,
    value_minor,
    currency,
    page_view,
    toUInt16(round(frustration * 1000)) AS frustration_milli
FROM v_conversions_reported
WHERE tenant = {tenant:String}
  AND property = {property:String}
  AND session = {session:UUID}
ORDER BY ordinal
