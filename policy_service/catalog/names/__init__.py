"""What column names say: word lists in many languages, and the model learned over them."""
