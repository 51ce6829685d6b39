"""Model → words and signs: pure functions that every face uses."""
