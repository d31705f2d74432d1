"""Acts of the European Union in their published formats."""
