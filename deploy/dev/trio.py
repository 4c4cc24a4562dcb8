"""What the demo and the tests ask of the `rajut` command for a home."""

import subprocess
import sys
from pathlib import Path

_PROJECT = Path(__file__).parents[2]


def rajut(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `rajut` for a node's home."""
    command = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(
        command, cwd=_PROJECT, env={"RAJUT_HOME": str(home)}, capture_output=True, text=True, check=False, timeout=300
    )


def migrate(home: Path) -> None:
    """Bring a home's database to the schema; RuntimeError with the command's words if that fails."""
    done = rajut(home, "node", "migrate", str(home))
    if done.returncode:
        raise RuntimeError(done.stderr or done.stdout)


def verify(home: Path) -> bool:
    """`rajut fsck`, its words printed; whether it found nothing wrong."""
    done = rajut(home, "fsck")
    print(f"fsck {home.name}: {done.stdout.strip()}{done.stderr.strip()[-500:]}")
    return done.returncode == 0
