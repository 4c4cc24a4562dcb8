"""`python -m contracts.schemas.generate` writes the generated files; with `--check` it only compares them.

Exit status 1 means that a committed file differs from what the models say; the names are printed.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from contracts.schemas import documents

FOLDER = Path(__file__).parent


def differing(expected: Mapping[str, bytes], folder: Path) -> list[str]:
    """Names of files that are missing, stale, or no longer generated, in order."""
    present = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    names = sorted(present.keys() | expected.keys())
    return [name for name in names if present.get(name) != expected.get(name)]


def write(expected: Mapping[str, bytes], folder: Path) -> None:
    """Make the folder hold exactly the generated files."""
    for name in differing(expected, folder):
        path = folder / name
        if name in expected:
            path.write_bytes(expected[name])
        else:
            path.unlink()


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Run the command; the result is its exit status."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: python -m contracts.schemas.generate [--check]\n")
        return 2
    if not arguments:
        write(documents(), folder)
        return 0
    stale = differing(documents(), folder)
    sys.stdout.writelines(f"differs: {name}\n" for name in stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
