"""A question in words → the provisions that answer it, nearest first."""
