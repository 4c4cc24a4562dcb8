"""Pages about the agencies' own mechanisms; `generate` writes them from what the agencies declare."""
