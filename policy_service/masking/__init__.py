"""Masking: obligations to masked tables, values and text. Deciding what to mask is elsewhere."""
