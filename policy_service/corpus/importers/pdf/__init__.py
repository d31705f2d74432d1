"""Printed texts: the Code of Federal Regulations, the California Code, policies."""
