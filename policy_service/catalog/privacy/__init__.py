"""What singles people out of a table, and which columns give something away."""
