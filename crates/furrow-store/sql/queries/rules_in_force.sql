-- The rules of one property's sessions: its own, else its tenant's.
SELECT
    property,
    number,
    rules
FROM v_rule_sets
WHERE tenant = {tenant:String}
  AND property IN ({property:String}, '')
ORDER BY property = '', number DESC
LIMIT 1
