INSERT INTO schema_migrations (number, name, hash)
SETTINGS async_insert = 0
SELECT {number:UInt32}, {name:String}, {hash:String}
