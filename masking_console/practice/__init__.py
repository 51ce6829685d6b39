"""A simulated Plivo account: for practice, for tests, and for other clients."""
