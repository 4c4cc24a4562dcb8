"""The dashboard of a node, written by its generator."""
