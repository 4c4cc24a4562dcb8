"""A synthetic year on this machine: three agencies that rehearse, and `rajut sim run` at them.

The nodes stay up afterwards with `--stay`, for whoever wants to look at a year's cases at the desks.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from deploy.dev import cast, ceremony
from deploy.dev.mailbox import Mailbox
from deploy.dev.runner import ThreeNodes
from deploy.dev.trio import migrate
from deploy.dev.unprivileged import make_walkable

REHEARSAL = 'rehearsal = "../behind"\n'
DAY_MS = 86_400_000


def found(homes: Mapping[str, Path]) -> None:
    """Agencies that rehearse: one file beside the homes says how far back all their clocks are set."""
    ceremony.found(homes)
    cast.seat(homes)
    for home in homes.values():
        settings = home / "node.toml"
        settings.write_text(REHEARSAL + settings.read_text())


def _nodes(root: Path, mail_port: int) -> ThreeNodes:
    return ThreeNodes(root / "homes", ceremony=found, migrate=migrate, mail_port=mail_port)


def main() -> int:
    """Play it; the status of `rajut sim run`, to which all other arguments go."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--stay", action="store_true", help="leave the nodes running until Ctrl-C")
    options.add_argument("--days", type=int, default=365, help="how long the year is; it ends today")
    options.add_argument("--root", type=Path, help="where the homes are or will be; a new folder that goes afterwards")
    told, further = options.parse_known_args()
    root = told.root or Path(tempfile.mkdtemp(prefix="rajut-year-"))
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o711)
    make_walkable(root / "homes")
    (root / "homes" / "behind").write_text(str(told.days * DAY_MS), encoding="ascii")
    try:
        with Mailbox() as mail, _nodes(root, mail.port) as nodes:
            command = [sys.executable, "-m", "services.cli", "sim", "run", *map(str, nodes.homes.values())]
            command += [f"--days={told.days}", *further]
            status = subprocess.run(command, check=False).returncode
            if told.stay:
                sys.stderr.write("".join(f"{home}\n" for home in nodes.homes.values()))
                threading.Event().wait()
            return status
    except KeyboardInterrupt:
        return 0
    finally:
        if not told.root:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
