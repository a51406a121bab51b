//! What stands in the log.
