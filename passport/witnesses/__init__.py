"""Somebody who was there and has no account: inviting them, what they say, and what becomes of it."""
