"""The versions of the directory that lie in a node's home."""

from pathlib import Path

from contracts.directory import Chain
from services.node.settings import BadSettings, Home


def directories(home: Home) -> Path:
    """The folder with the versions of the directory."""
    return home.path / "directory"


def numbered(folder: Path) -> dict[int, Path]:
    """The versions that lie in a folder; other files may lie beside them."""
    return {int(path.stem): path for path in folder.glob("*.json") if path.stem.isdecimal()}


def read_chain(folder: Path, versions: int | None = None) -> Chain:
    """The directory chain in `N.json` files, all or so many versions, from the digest pinned in `pin`."""
    try:
        pin = bytes.fromhex((folder / "pin").read_text().strip())
        first, *later = [path for _, path in sorted(numbered(folder).items())][:versions]
    except (OSError, ValueError):
        raise BadSettings("directory: a pin in hexadecimal and versions as N.json must be in it") from None
    chain = Chain(first.read_bytes(), pin=pin)
    for path in later:
        chain.adopt(path.read_bytes())
    return chain
