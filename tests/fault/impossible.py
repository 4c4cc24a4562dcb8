"""What a machine does not allow, and in whose words."""

import subprocess


class Impossible(Exception):
    """This machine does not let us do that; the words say what it refused and why."""

    @classmethod
    def since(cls, what: str, why: OSError | subprocess.CalledProcessError) -> "Impossible":
        """`what` was refused by a program that failed with `why`, or that is not installed."""
        words = why.stderr.decode(errors="replace").split() if isinstance(why, subprocess.CalledProcessError) else []
        return cls(f"{what} ({' '.join(words) or why})")
