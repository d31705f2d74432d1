"""Ranking that is learned from marked questions; the index works without it."""
