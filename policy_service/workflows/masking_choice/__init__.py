"""Propose masking for one role and purpose: floors, measures, sample, amendments."""
