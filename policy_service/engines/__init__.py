"""Foreign engines, one file each: the only importers of what they adapt. Nothing here imports."""
