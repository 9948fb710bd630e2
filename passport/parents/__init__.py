"""Under 15, what leaves the passport is decided by two: asking a parent, their answer, and what becomes of it at 15 and 18."""
