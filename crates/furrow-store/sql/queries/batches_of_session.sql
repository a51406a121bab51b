-- The batches of one session in log order, up to a number of them and of their
-- bytes; the first always, however large. total counts those left out as well.
SELECT
    tenant,
    property,
    session,
    CAST(unhex(sender), 'FixedString(8)') AS sender,
    sequence,
    version,
    visitor,
    session_created,
    appended,
    received,
    entry,
    partition,
    offset,
    payload,
    total
FROM
(
    SELECT
        *,
        row_number() OVER log_order AS place,
        sum(length(payload)) OVER log_order AS bytes,
        count() OVER () AS total
    FROM v_batches
    WHERE tenant = {tenant:String}
      AND property = {property:String}
      AND session = {session:UUID}
    WINDOW log_order AS (ORDER BY version ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
WHERE place = 1 OR (place <= {count_max:UInt64} AND bytes <= {bytes_max:UInt64})
ORDER BY place
