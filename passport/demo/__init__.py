"""Fills the demo city, through the same services that people use."""
