"""Enforcement points that data services embed: SQL, data frames, HTTP. Light to import."""
