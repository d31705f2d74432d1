"""Tables larger than memory, and Spark: batches, parts, one swap at the end."""
