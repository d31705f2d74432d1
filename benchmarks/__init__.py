"""Figures: one module each, run as `python -m benchmarks.NAME [--quick]`.

Progress goes to stderr; the last line of stdout is one JSON object. Peers run
in the same run. A claim is carried by ratios, never by absolute times.
"""
