"""Notify: who must know, by which channel, and what happens when nobody answers."""
