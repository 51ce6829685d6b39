"""One history of a team: the sealed rows of all journals, on PostgreSQL."""
