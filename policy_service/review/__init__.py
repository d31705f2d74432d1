"""Review: what people may say of a draft, when it counts, and where that leaves the draft."""
