"""The journal: what was intended, what came of it, and proof that it is unaltered."""
