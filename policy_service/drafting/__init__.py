"""Drafting: from an organisation, a catalogue and a corpus to a proposed, grounded policy."""
