"""A clock that tests set."""

from services.node.clock import SystemClock


class BentClock:
    """The machine's clock, and so many milliseconds."""

    def __init__(self, off_ms: int = 0) -> None:
        self.off_ms = off_ms

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return SystemClock().now_ms() + self.off_ms
