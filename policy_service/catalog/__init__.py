"""Data sources to classified, profiled data assets. Reads databases, never writes to them."""
