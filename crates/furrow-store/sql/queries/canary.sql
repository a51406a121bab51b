-- How far one session of the canary has come.
SELECT toBool(sum(archived) > 0) AS archived, toBool(sum(scored) > 0) AS scored
FROM v_canary
WHERE session = {session:UUID}
