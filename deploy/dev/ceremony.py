"""The founding ceremony, played by one program: three agencies agree on the first directory.

In production each agency enrols its own keys, and two of the three roots sign offline. Here all keys
lie in the homes below one root directory.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from contracts import sealing
from contracts.directory import AgencyEntry, Directory, RootKey, SealingKey, SigningKey, sign
from contracts.encoding import b64
from contracts.signing import SeedSigner, prove_possession
from services.node.clock import instant
from services.node.keys import SERVICES, root_signer

NAMES = {
    "komnas-ham": {"id": "Komnas HAM", "en": "National Commission on Human Rights"},
    "komnas-perempuan": {"id": "Komnas Perempuan", "en": "National Commission on Violence against Women"},
    "lpsk": {"id": "LPSK", "en": "Witness and Victim Protection Agency"},
}


def found(homes: Mapping[str, Path], *, domain: str = "rajut.example") -> Directory:
    """Write directory version 1 and its pin into every home."""
    entries = {agency: _entry(home, agency, f"{domain}/{agency}/1") for agency, home in homes.items()}
    directory = Directory(version=1, issued=instant(int(datetime.now(UTC).timestamp() * 1000)), agencies=entries)
    signed = sign(directory, [root_signer(home, agency) for agency, home in homes.items()])
    for home in homes.values():
        folder = home / "directory"
        folder.mkdir(exist_ok=True)
        (folder / "1.json").write_bytes(signed)
        (folder / "pin").write_text(directory.digest().hex() + "\n")
    return directory


def _entry(home: Path, agency: str, log: str) -> AgencyEntry:
    root = root_signer(home, agency)
    seed = bytes.fromhex((home / "keys" / "sealing.key").read_text())
    return AgencyEntry(
        name=NAMES.get(agency, {"id": agency, "en": agency}),
        root=RootKey(kid=root.kid, public=b64(root.public)),
        logs=[log],
        keys=[_signing_key(home, agency, service, log) for service in SERVICES],
        sealing=SealingKey(kid=f"{agency}.sealing.1", public=b64(sealing.public_bytes(seed))),
    )


def _signing_key(home: Path, agency: str, service: str, log: str) -> SigningKey:
    signer = SeedSigner(f"{agency}.{service}.1", bytes.fromhex((home / "keys" / f"{service}.seed").read_text()))
    proof = prove_possession(signer, signer.public)
    return SigningKey(kid=signer.kid, public=b64(signer.public), proof=b64(proof), grants=[f"{service}.*"], log=log)
