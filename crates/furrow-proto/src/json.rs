//! The JSON mapping of every message.
