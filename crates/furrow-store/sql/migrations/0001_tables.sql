-- Every table replaces by identity (its sorting key) and version, so that a
-- repeated output overwrites itself. first_record is the log's time, so that a
-- client's clock chooses no partition, and it never changes within a session.

CREATE TABLE IF NOT EXISTS sessions
(
    tenant                LowCardinality(String),
    property              LowCardinality(String),
    session               UUID,
    version               UInt64 CODEC(Delta, ZSTD(1)),
    visitor               Nullable(UUID),
    status                Enum8('open' = 1, 'ended' = 2, 'broken' = 3),
    first_record          DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    last_record           DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    started               DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    last_interaction      DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    device                Enum8('unspecified' = 0, 'desktop' = 1, 'tablet' = 2, 'phone' = 3, 'other' = 4),
    os                    LowCardinality(String),
    browser               LowCardinality(String),
    automated             Bool,
    entry_path            String CODEC(ZSTD(1)),
    exit_path             String CODEC(ZSTD(1)),
    batches               UInt32 CODEC(T64, ZSTD(1)),
    interactions          UInt32 CODEC(T64, ZSTD(1)),
    samples               UInt64 CODEC(T64, ZSTD(1)),
    presses               UInt32 CODEC(T64, ZSTD(1)),
    gaps                  UInt32 CODEC(T64, ZSTD(1)),
    reordered             UInt32 CODEC(T64, ZSTD(1)),
    unknown               UInt32 CODEC(T64, ZSTD(1)),
    senders               UInt32 CODEC(T64, ZSTD(1)),
    engaged_ms            UInt64 CODEC(T64, ZSTD(1)),
    scroll_depth_milli    UInt16 CODEC(T64, ZSTD(1)),
    signals               UInt32 CODEC(T64, ZSTD(1)),
    page_views            UInt32 CODEC(T64, ZSTD(1)),
    conversions           UInt32 CODEC(T64, ZSTD(1)),
    scored                Bool,
    frustration_milli     UInt16 CODEC(T64, ZSTD(1)),
    engagement_milli      UInt16 CODEC(T64, ZSTD(1)),
    technical_milli       UInt16 CODEC(T64, ZSTD(1)),
    experience_milli      UInt16 CODEC(T64, ZSTD(1)),
    frustration_now_milli UInt16 CODEC(T64, ZSTD(1)),
    confidence_milli      UInt16 CODEC(T64, ZSTD(1)),
    -- Signal, score, count, share in thousandths, text.
    contributors          Array(Tuple(LowCardinality(String), LowCardinality(String), UInt32, UInt16, String)) CODEC(ZSTD(1)),
    fold_version          UInt32 CODEC(Delta, ZSTD(1)),
    rules                 UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(first_record)
ORDER BY (tenant, property, session)
TTL toDateTime(first_record) + INTERVAL 13 MONTH DELETE
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS signals
(
    tenant          LowCardinality(String),
    property        LowCardinality(String),
    session         UUID,
    ordinal         UInt32 CODEC(Delta, ZSTD(1)),
    version         UInt64 CODEC(Delta, ZSTD(1)),
    visitor         Nullable(UUID),
    first_record    DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    signal          LowCardinality(String),
    at              DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    duration_ms     UInt32 CODEC(T64, ZSTD(1)),
    page_view       Nullable(UInt32),
    path            String CODEC(ZSTD(1)),
    target          Nullable(UInt64),
    selector        String CODEC(ZSTD(1)),
    label           String CODEC(ZSTD(1)),
    x               Int32 CODEC(T64, ZSTD(1)),
    y               Int32 CODEC(T64, ZSTD(1)),
    intensity_milli UInt16 CODEC(T64, ZSTD(1)),
    evidence_count  UInt32 CODEC(T64, ZSTD(1)),
    evidence_at     Array(UInt32) CODEC(Delta, ZSTD(1)),
    reason          String CODEC(ZSTD(1)),
    rule_version    UInt32 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(first_record)
ORDER BY (tenant, property, session, ordinal)
TTL toDateTime(first_record) + INTERVAL 13 MONTH DELETE
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS page_views
(
    tenant             LowCardinality(String),
    property           LowCardinality(String),
    session            UUID,
    ordinal            UInt32 CODEC(Delta, ZSTD(1)),
    version            UInt64 CODEC(Delta, ZSTD(1)),
    visitor            Nullable(UUID),
    first_record       DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    path               String CODEC(ZSTD(1)),
    page_group         LowCardinality(String),
    started            DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    last_interaction   DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    engaged_ms         UInt64 CODEC(T64, ZSTD(1)),
    scroll_depth_milli UInt16 CODEC(T64, ZSTD(1)),
    presses            UInt32 CODEC(T64, ZSTD(1)),
    interactions       UInt32 CODEC(T64, ZSTD(1)),
    frustration_milli  UInt16 CODEC(T64, ZSTD(1)),
    engagement_milli   UInt16 CODEC(T64, ZSTD(1)),
    technical_milli    UInt16 CODEC(T64, ZSTD(1)),
    experience_milli   UInt16 CODEC(T64, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(first_record)
ORDER BY (tenant, property, session, ordinal)
TTL toDateTime(first_record) + INTERVAL 13 MONTH DELETE
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS conversions
(
    tenant            LowCardinality(String),
    property          LowCardinality(String),
    session           UUID,
    ordinal           UInt32 CODEC(Delta, ZSTD(1)),
    version           UInt64 CODEC(Delta, ZSTD(1)),
    visitor           Nullable(UUID),
    first_record      DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    order_id          String CODEC(ZSTD(1)),
    kind              LowCardinality(String),
    at                DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    value_minor       Int64 CODEC(T64, ZSTD(1)),
    currency          LowCardinality(String),
    page_view         Nullable(UInt32),
    frustration_milli UInt16 CODEC(T64, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(first_record)
ORDER BY (tenant, property, session, ordinal)
TTL toDateTime(first_record) + INTERVAL 13 MONTH DELETE
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- Batches as they came. session_created is the time inside the session's id,
-- held near the log's time by the writer.
CREATE TABLE IF NOT EXISTS batches
(
    tenant          LowCardinality(String),
    property        LowCardinality(String),
    session         UUID,
    sender          FixedString(8),
    sequence        UInt32 CODEC(Delta, ZSTD(1)),
    version         UInt64 CODEC(Delta, ZSTD(1)),
    visitor         Nullable(UUID),
    session_created DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    appended        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    received        DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    entry           Enum8('publish' = 1, 'stream' = 2, 'beacon' = 3),
    partition       UInt32 CODEC(T64, ZSTD(1)),
    offset          UInt64 CODEC(Delta, ZSTD(1)),
    payload         String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(session_created)
ORDER BY (tenant, property, session, sender, sequence)
TTL toDateTime(session_created) + INTERVAL 30 DAY DELETE
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- What was published, once however often it stands in the log. version falls
-- as time goes, so that the row of the first record stays.
CREATE TABLE IF NOT EXISTS rule_sets
(
    tenant   LowCardinality(String),
    -- Empty: all of the tenant's that have no rules of their own.
    property LowCardinality(String),
    number   UInt64,
    version  UInt64,
    hash     FixedString(32),
    rules    String CODEC(ZSTD(3)),
    appended DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, property, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;
