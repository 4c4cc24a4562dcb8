"""The one failure type of the local runner: a code to match on, a text that says what to do."""


class RunnerError(Exception):
    """A server could not be found, prepared, started or reached.

    `code` is stable and upper case; the text names the remedy and holds no secret.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
