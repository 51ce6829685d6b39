"""The operating system's keyring, the only place where credentials are kept."""
