"""What a simulation says when a promise does not hold."""


class Broken(AssertionError):
    """A promise that does not hold; the first word names it."""
