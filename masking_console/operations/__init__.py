"""Operations of an operator, independent of screens, HTTP, keyrings and SQL."""
