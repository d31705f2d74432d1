"""Enforcement: bundle + request → decision with obligations. Pure, immutable, fail closed."""
