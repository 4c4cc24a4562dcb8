"""What an agency runs: the node that every agency has, and the four services on it."""
