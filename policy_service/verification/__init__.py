"""Verification: what a draft must hold before people may publish it."""
