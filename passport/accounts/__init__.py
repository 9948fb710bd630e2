"""Signing up and in, sessions, age, consents, blocks: who somebody is."""
