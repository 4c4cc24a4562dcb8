"""A home for each part that is to run alone: its own secrets and no other's.

Each home gets copies of the secrets that its part needs. What all parts share are links into the whole home:
settings, officers, certificates, the directory, so that a later version reaches all parts by being put in one
place, and the vault, in which all of them write. The root key goes nowhere.
"""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from services.node.keys import NOTARIES
from services.node.settings import PARTS, BadSettings, Home, Part, Settings

_SHARED = ("node.toml", "officers.json", "directory", "vault")


def split(whole: Path, to: Path) -> Mapping[Part, list[str]]:
    """Write `to/<part>` for every part, from the whole home; what each was given, by name in the home.

    Raises BadSettings if a home is there already, or the whole one lacks something; then nothing was written.
    """
    settings, whole = Home(whole).settings, whole.resolve()
    given = {part: sorted(_found(whole, needs(settings, part))) for part in PARTS}
    if any((to / part).exists() for part in PARTS):
        raise BadSettings(f"{to.name}: there are homes of parts already; give an empty folder")
    (whole / "vault").mkdir(mode=0o770, exist_ok=True)  # a link to nothing could not be written through
    for part, names in given.items():
        _write(whole, to / part, names, [*_SHARED, *_certificates(settings, part)])
    return given


def needs(settings: Settings, part: Part) -> list[str]:
    """The secret files that a part reads, as patterns in the home; a key may have several versions."""
    shared = [f"keys/{part}.*", "keys/storage.key", f"secrets/pg-rajut_{part}", settings.nats.key]
    match part:
        case "node":
            keys = [f"keys/{purpose}.*" for purpose in (*NOTARIES, "sealing")]
            return [*shared, *keys, "nats/link.seed", *(partner.seed for partner in settings.partners)]
        case "intake":
            return [*shared, "nats/intake.seed", "keys/index.key"]
        case _:
            return [*shared, f"nats/{part}.seed"]


def _certificates(settings: Settings, part: Part) -> list[str]:
    partners = settings.partners if part == "node" else []
    return [settings.nats.ca, settings.nats.certificate, *(partner.ca for partner in partners)]


def _found(whole: Path, patterns: Iterable[str]) -> set[str]:
    names: set[str] = set()
    for pattern in patterns:
        found = {str(path.relative_to(whole)) for path in whole.glob(pattern)}
        if not found:
            raise BadSettings(f"{pattern}: missing")
        names |= found
    return names


def _write(whole: Path, home: Path, copied: Iterable[str], linked: Iterable[str]) -> None:
    home.mkdir(parents=True)
    for name in copied:
        (home / name).parent.mkdir(exist_ok=True)
        shutil.copy(whole / name, home / name)  # with its mode
    for name in linked:
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).symlink_to(whole / name)
