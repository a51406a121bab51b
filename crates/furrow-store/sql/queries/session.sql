-- One session.
SELECT *
FROM v_session_rows
WHERE tenant = {tenant:String}
  AND property = {property:String}
  AND session = {session:UUID}
