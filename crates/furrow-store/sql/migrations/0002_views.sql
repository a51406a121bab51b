-- What anybody's SQL reads: merged on reading, scores from 0 to 10, no row that
-- its session's newest row no longer counts. They read with the rights of who
-- made them, so that a reader needs none on the tables.

CREATE OR REPLACE VIEW v_sessions
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    tenant,
    property,
    session,
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
    scroll_depth_milli / 1000 AS scroll_depth,
    signals,
    page_views,
    conversions,
    scored,
    if(scored, frustration_milli / 1000, NULL) AS frustration,
    if(scored, engagement_milli / 1000, NULL) AS engagement,
    if(scored, technical_milli / 1000, NULL) AS technical,
    if(scored, experience_milli / 1000, NULL) AS experience,
    -- The load -ln(1 - v/10) halves every 90 s; a full 10 counts as the least
    -- value that is rounded to it, because its load would be infinite.
    if(scored,
       10 * (1 - pow(1 - least(frustration_now_milli / 10000, 0.99995),
                     exp2(-greatest(dateDiff('millisecond', last_interaction, now64(3, 'UTC')), 0) / 90000))),
       NULL) AS frustration_now,
    if(scored, frustration_now_milli / 1000, NULL) AS frustration_at_last_interaction,
    confidence_milli / 1000 AS confidence,
    CAST(arrayMap(c -> (c.1, c.2, c.3, c.4 / 1000, c.5), contributors),
         'Array(Tuple(signal String, score String, count UInt32, share Float64, text String))') AS contributors,
    fold_version,
    rules,
    version
FROM sessions FINAL;

CREATE OR REPLACE VIEW v_signals
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    r.tenant AS tenant,
    r.property AS property,
    r.session AS session,
    r.ordinal AS ordinal,
    r.visitor AS visitor,
    r.first_record AS first_record,
    r.signal AS signal,
    r.at AS at,
    r.duration_ms AS duration_ms,
    r.page_view AS page_view,
    r.path AS path,
    r.target AS target,
    r.selector AS selector,
    r.label AS label,
    r.x AS x,
    r.y AS y,
    r.intensity_milli / 1000 AS intensity,
    r.evidence_count AS evidence_count,
    r.evidence_at AS evidence_at,
    r.reason AS reason,
    r.rule_version AS rule_version,
    r.version AS version
FROM (SELECT * FROM signals FINAL) AS r
INNER JOIN (SELECT tenant, property, session, signals FROM sessions FINAL) AS s
    ON s.tenant = r.tenant AND s.property = r.property AND s.session = r.session
WHERE r.ordinal < s.signals;

CREATE OR REPLACE VIEW v_page_views
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    r.tenant AS tenant,
    r.property AS property,
    r.session AS session,
    r.ordinal AS ordinal,
    r.visitor AS visitor,
    r.first_record AS first_record,
    r.path AS path,
    r.page_group AS page_group,
    r.started AS started,
    r.last_interaction AS last_interaction,
    r.engaged_ms AS engaged_ms,
    r.scroll_depth_milli / 1000 AS scroll_depth,
    r.presses AS presses,
    r.interactions AS interactions,
    r.frustration_milli / 1000 AS frustration,
    r.engagement_milli / 1000 AS engagement,
    r.technical_milli / 1000 AS technical,
    r.experience_milli / 1000 AS experience,
    r.version AS version
FROM (SELECT * FROM page_views FINAL) AS r
INNER JOIN (SELECT tenant, property, session, page_views FROM sessions FINAL) AS s
    ON s.tenant = r.tenant AND s.property = r.property AND s.session = r.session
WHERE r.ordinal < s.page_views;

-- Every conversion as it was reported, an order id as often as it came.
CREATE OR REPLACE VIEW v_conversions_reported
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    r.tenant AS tenant,
    r.property AS property,
    r.session AS session,
    r.ordinal AS ordinal,
    r.visitor AS visitor,
    r.first_record AS first_record,
    r.order_id AS order_id,
    r.kind AS kind,
    r.at AS at,
    r.value_minor AS value_minor,
    r.currency AS currency,
    r.page_view AS page_view,
    r.frustration_milli / 1000 AS frustration,
    r.version AS version
FROM (SELECT * FROM conversions FINAL) AS r
INNER JOIN (SELECT tenant, property, session, conversions FROM sessions FINAL) AS s
    ON s.tenant = r.tenant AND s.property = r.property AND s.session = r.session
WHERE r.ordinal < s.conversions;

-- The first report of every order id; a conversion without one stands alone.
CREATE OR REPLACE VIEW v_conversions
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT *
FROM v_conversions_reported
ORDER BY at, session, ordinal
LIMIT 1 BY tenant, property, order_id, if(order_id = '', (session, ordinal), (toUUID('00000000-0000-0000-0000-000000000000'), 0));

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
FROM batches FINAL;

-- Every rule set that was published; in_force marks the newest of its scope.
CREATE OR REPLACE VIEW v_rule_sets
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    tenant,
    property,
    number,
    lower(hex(hash)) AS hash,
    rules,
    appended,
    number = max(number) OVER (PARTITION BY tenant, property) AS in_force,
    version
FROM rule_sets FINAL;
