"""The journal's entries on their way out: to a file, or to a syslog."""
