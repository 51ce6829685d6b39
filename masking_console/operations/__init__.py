"""What an operator can do, without a word about screens, HTTP, keyrings or SQL."""
