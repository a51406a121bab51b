SELECT number, hash FROM schema_migrations ORDER BY number, applied
