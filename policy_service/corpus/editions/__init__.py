"""Editions: imported documents as instruments of the corpus, with ids and addresses."""
