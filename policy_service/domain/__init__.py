"""The vocabulary: frozen types and errors that every stage exchanges. No third party."""
