"""The append-only journal of ids, verbs and times, and « Qui a regardé mon passeport »."""
