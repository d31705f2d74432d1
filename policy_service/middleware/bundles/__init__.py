"""The agent of an enforcement point: it brings bundles and people, and keeps the last good ones."""
