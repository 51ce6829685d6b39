"""The face without a screen: one line an event, for ssh, screen readers and scripts."""
