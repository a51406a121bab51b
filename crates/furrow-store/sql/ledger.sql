-- Which migrations a database has had.
CREATE TABLE IF NOT EXISTS schema_migrations
(
    number  UInt32,
    name    String,
    hash    String,
    applied DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
