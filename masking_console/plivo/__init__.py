"""Plivo's REST API: how it is asked, how fast, and what its answers mean."""
