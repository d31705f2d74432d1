"""Canonical JSON, hashing, ids and the clock. Standard library and rfc8785 only."""
