"""United States regulations in their published XML, and the numbering they share."""
