"""A year of cases that never happened, played through nodes that run: for benches, screens and statistics."""
