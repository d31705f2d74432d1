"""Columns to data categories: every kind of evidence, weighed and made a probability."""
