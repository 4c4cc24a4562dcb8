"""The database as the migrations make it, for people to read and review."""
