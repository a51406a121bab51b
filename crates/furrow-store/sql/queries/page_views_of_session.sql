-- The page views of one session, in their order.
SELECT *
FROM v_page_view_rows
WHERE tenant = {tenant:String}
  AND property = {property:String}
  AND session = {session:UUID}
ORDER BY ordinal
