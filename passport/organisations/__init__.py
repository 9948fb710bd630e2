"""Organisations, the people who act for them, their checks and accreditation, and joining on site."""
