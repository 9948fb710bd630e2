"""The QR card: what it opens, printing and replacing it."""
