-- The canary is a session that Furrow sends to itself, as a tenant of its own:
-- it stands in nobody's figures. It has a session, one page view and one batch,
-- and neither signals nor conversions.

CREATE OR REPLACE VIEW v_session_rows
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT * FROM sessions FINAL
WHERE tenant != 'furrow-canary';

CREATE OR REPLACE VIEW v_page_view_rows
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT r.*
FROM (SELECT * FROM page_views FINAL WHERE tenant != 'furrow-canary') AS r
INNER JOIN (SELECT tenant, property, session, page_views FROM sessions FINAL) AS s
    ON s.tenant = r.tenant AND s.property = r.property AND s.session = r.session
WHERE r.ordinal < s.page_views;

CREATE OR REPLACE VIEW v_batches
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    tenant,
    property,
    session,
    lower(hex(sender)) AS sender,
    sequence,
    visitor,
    session_created,
    appended,
    received,
    entry,
    bitShiftRight(version, 48) AS epoch,
    partition,
    offset,
    payload,
    version
FROM batches FINAL
WHERE tenant != 'furrow-canary';

-- How far each of its sessions has come: rows of each kind.
CREATE OR REPLACE VIEW v_canary
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT session, sum(a) AS archived, sum(s) AS scored
FROM
(
    SELECT session, 1 AS a, 0 AS s FROM batches FINAL WHERE tenant = 'furrow-canary'
    UNION ALL
    SELECT session, 0 AS a, 1 AS s FROM sessions FINAL WHERE tenant = 'furrow-canary'
)
GROUP BY session;
