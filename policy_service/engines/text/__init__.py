"""Rules that find personal data in text, and how they are fused with models."""
