"""Verdicts → preferences → a reward model that passed its gates, registered with its lineage."""
