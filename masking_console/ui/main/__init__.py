"""The main screen: its jobs, and the workspace that they share."""
