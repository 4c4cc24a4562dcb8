"""The founding ceremony, played by one program: three agencies agree on the first directory.

The same steps as `rajut keys`, which in production happen on the agencies' own machines, with roots that are
kept offline. Here all keys lie in the homes below one folder.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from contracts.hlc import instant
from contracts.roster import Directory
from services.node.enrolment import Request, draft, finished, first_entry, signature
from services.node.keys import ROOT, make_root, root_key, root_signer
from services.node.settings import Home

NAMES = {
    "komnas-ham": {"id": "Komnas HAM", "en": "National Commission on Human Rights"},
    "komnas-perempuan": {"id": "Komnas Perempuan", "en": "National Commission on Violence against Women"},
    "lpsk": {"id": "LPSK", "en": "Witness and Victim Protection Agency"},
}


def found(homes: Mapping[str, Path]) -> Directory:
    """Write directory version 1 and its pin into every home."""
    directory = draft(None, [_request(home) for home in homes.values()], now())
    signed = finished(directory, [signature(directory, root_signer(home / "keys")) for home in homes.values()])
    for home in homes.values():
        folder = home / "directory"
        folder.mkdir(exist_ok=True)
        (folder / "1.json").write_bytes(signed)
        (folder / "pin").write_text(directory.digest().hex() + "\n")
    return directory


def now() -> str:
    """The time, as documents write it."""
    return instant(int(datetime.now(UTC).timestamp() * 1000))


def _request(home: Path) -> Request:
    settings, keys = Home(home).settings, home / "keys"
    make_root(keys, f"{settings.agency}.root.1")
    name = NAMES.get(settings.agency, {"id": settings.agency, "en": settings.agency})
    entry = first_entry(keys, settings.agency, settings.log, name=name, root=root_key(keys / ROOT))
    return Request(agency=settings.agency, entry=entry)
