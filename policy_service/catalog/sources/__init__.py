"""Databases as sources: one file per kind, and what they share."""
