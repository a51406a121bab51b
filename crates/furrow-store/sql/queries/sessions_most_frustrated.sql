-- Sessions of one property, most frustrated first, unscored ones last; the newer
-- one of equals.
SELECT *
FROM v_session_rows
WHERE tenant = {tenant:String}
  AND property = {property:String}
  AND last_interaction < fromUnixTimestamp64Milli({before_ms:Int64}, 'UTC')
  AND ({frustration_min:UInt16} = 0 OR (scored AND frustration_milli >= {frustration_min:UInt16}))
ORDER BY scored DESC, frustration_milli DESC, last_interaction DESC, session DESC
LIMIT {limit:UInt32}
