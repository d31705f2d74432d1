"""Policy Service: from regulations to enforced, audited, reviewed data security."""

__version__ = "0.1.0"
