"""Importers: published formats of regulations and policies, read to documents."""
