"""What a node keeps secret: a signing key per service, the sealing keys, the storage key.

A process reads the keys of the parts that it runs, at start, and never looks at another's: a service its
own signing key and the storage key, which with the vault opens stored content; intake also the index key; the
node's own part also the sealing keys and the notaries'. None reads the root. Content keys are stored only encrypted
(`services.node.vault`), so a stolen disk or database dump opens nothing.

A purpose may have several keys, told apart by number: during a rotation the old and the new one are both
here. Number 1 lies in `<purpose>.seed`, number 2 in `<purpose>.2.seed` and so on (`.key` for sealing keys). A
`.uri` in the place of a `.seed` says where a PKCS#11 token holds the key. Which one signs is the directory's to say.
"""

import re
import secrets
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from contracts import sealing
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.roster import NOTARY, RootKey
from contracts.signing import SeedSigner, Signer
from services.node.settings import BadSettings, handed, names_handed
from services.node.storage import StorageKey
from services.node.vault import Vault

SERVICES = ("node", "intake", "triage", "protection", "notify")
NOTARIES = ("checkpoint", "witness")  # sign what is said about logs, never a record
PURPOSES = (*SERVICES, *NOTARIES)
SEALING = "sealing"
ROOT = "root.json"
_NAME = re.compile(r"([a-z]+)(?:\.([1-9][0-9]{0,5}))?\.(?:seed|uri|key)")


class Keyring:
    """The keys that one process needs, of a node's home directory."""

    def __init__(self, home: Path, agency: str, parts: Sequence[str] = SERVICES) -> None:
        """Read what these parts need and look at nothing else; BadSettings if something is missing or broken."""
        self._folder = home / "keys"
        self.agency = agency
        self._purposes = (*parts, *(NOTARIES if "node" in parts else ()))
        self._signers = {kid: signer_of(self._folder, kid) for purpose in self._purposes for kid in self._held(purpose)}
        kids = self._held(SEALING) if "node" in parts else []
        self._openers = {kid: _opener(self._folder, kid) for kid in kids}
        self.vault = _vault(home / "vault" / "cases", _secret(self._folder / "storage.key", 32))
        # Blinds the duplicate search.
        self.index = _secret(self._folder / "index.key", 32) if "intake" in parts else b""

    def signer(self, purpose: str, kids: Iterable[str] | None = None) -> Signer:
        """The key that signs for a service, or for a notary: the first of `kids` that is here, or else our newest.

        KeyError if this process does not hold keys for that; Rejected(UNAVAILABLE) if none of `kids` is here.
        """
        if purpose not in self._purposes:
            raise KeyError(purpose)
        for kid in self._held(purpose) if kids is None else kids:
            if kid not in self._signers and is_held(self._folder, kid):
                self._signers[kid] = signer_of(self._folder, kid)
            if kid in self._signers:
                return self._signers[kid]
        raise Rejected(Code.UNAVAILABLE, f"key of {purpose}")

    def sealing_keys(self, kids: Iterable[str] | None = None) -> Sequence[sealing.PrivateKey]:
        """Our private sealing keys of these names, in this order, as far as they are here; without names all."""
        wanted = tuple(self._openers) if kids is None else tuple(kids)
        for kid in wanted:
            if kid not in self._openers and is_held(self._folder, kid):
                self._openers[kid] = _opener(self._folder, kid)
        return [self._openers[kid] for kid in wanted if kid in self._openers]

    def _held(self, purpose: str) -> list[str]:
        """The names of the keys for a purpose that are here; the first one's, if none is: reading it will say so."""
        return held(self._folder, self.agency, purpose) or [f"{self.agency}.{purpose}.1"]


def _vault(path: Path, secret: bytes) -> Vault:
    try:
        return Vault(path, StorageKey(secret))
    except OSError:
        raise BadSettings("vault/cases: cannot be read") from None


def held(folder: Path, agency: str, purpose: str) -> list[str]:
    """The names of the keys for a purpose that lie in a home's `keys` folder, the newest first."""
    found = (_NAME.fullmatch(name) for name in names_handed(folder, f"{purpose}.*"))
    numbers = {int(name[2] or 1) for name in found if name and name[1] == purpose}
    return [f"{agency}.{purpose}.{number}" for number in sorted(numbers, reverse=True)]


def is_held(folder: Path, kid: str) -> bool:
    """Whether the key of this name lies in a home's `keys` folder."""
    return any(handed(_file(folder, kid, suffix)).exists() for suffix in ("seed", "uri", "key"))


def signer_of(folder: Path, kid: str) -> Signer:
    """The signing key of this name; BadSettings if it is missing or broken."""
    uri = handed(_file(folder, kid, "uri"))
    if not uri.exists():
        return SeedSigner(kid, _secret(_file(folder, kid, "seed"), 32))
    from services.node.pkcs11 import TokenSigner, place_of  # noqa: PLC0415  a C library, only for who has a token

    return TokenSigner(kid, place_of(_text(uri)))


def sealing_public(folder: Path, kid: str) -> bytes:
    """The public half of the sealing key of this name; BadSettings if the private one is missing or broken."""
    return sealing.public_bytes(_secret(_file(folder, kid, "key"), sealing.PRIVATE_BYTES))


def generate(home: Path, agency: str, taken: Collection[str] = ()) -> list[str]:
    """Make what keys a home still lacks, readable by its owner alone, under names not `taken`; the names made."""
    folder = home / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lacking = [purpose for purpose in (*PURPOSES, SEALING) if not held(folder, agency, purpose)]
    made = [next_name(folder, agency, purpose, taken) for purpose in lacking]
    for kid in made:
        make(folder, kid)
    for name in ("storage.key", "index.key"):
        if not (folder / name).exists():
            _store(folder / name, secrets.token_bytes(32))
            made.append(name)
    return made


def next_name(folder: Path, agency: str, purpose: str, taken: Collection[str] = ()) -> str:
    """The name of the next key for a purpose: higher than any that is here, or `taken`."""
    known = [kid for kid in (*taken, *held(folder, agency, purpose)) if purpose_of(kid) == purpose]
    return f"{agency}.{purpose}.{1 + max((int(kid.split('.')[2]) for kid in known), default=0)}"


def make(folder: Path, kid: str, token: str = "") -> None:
    """Make the key of this name: here, or in the token that a `pkcs11:` URI names, of which only that stays here.

    FileExistsError if it is there; BadSettings if the token cannot be used.
    """
    if is_held(folder, kid):
        raise FileExistsError(kid)
    if token:
        from services.node.pkcs11 import ensure, place_of  # noqa: PLC0415  as above

        ensure(place_of(token))
        _write(_file(folder, kid, "uri"), token + "\n")
    elif purpose_of(kid) == SEALING:
        _store(_file(folder, kid, "key"), secrets.token_bytes(sealing.PRIVATE_BYTES))
    else:
        _store(_file(folder, kid, "seed"), secrets.token_bytes(32))


def destroy(folder: Path, kid: str) -> None:
    """Delete the key of this name. A key in a token is only forgotten here: the token deletes it."""
    for suffix in ("seed", "uri", "key"):
        _file(folder, kid, suffix).unlink(missing_ok=True)


def purpose_of(kid: str) -> str:
    """What a key is for: `protection` of `lpsk.protection.2`."""
    return kid.split(".")[1]


def grants(purpose: str) -> list[str]:
    """What the directory lets a key of this purpose sign: a service its own family, a notary one kind of note."""
    return [purpose if purpose in NOTARY else f"{purpose}.*"]


def make_root(folder: Path, kid: str) -> None:
    """Make an agency's root key. It belongs offline; a demo keeps it beside the others. May raise FileExistsError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    seed = secrets.token_bytes(32)
    _store(folder / "root.seed", seed)
    public = RootKey(kid=kid, public=b64(SeedSigner(kid, seed).public))
    _write(folder / ROOT, public.model_dump_json())


def root_signer(folder: Path) -> SeedSigner:
    """The root key in a folder; BadSettings if it is missing or broken."""
    return SeedSigner(root_key(folder / ROOT).kid, _secret(folder / "root.seed", 32))


def root_key(file: Path) -> RootKey:
    """The public half of a root key, as `make_root` wrote it; BadSettings if it is missing or broken."""
    try:
        return RootKey.model_validate_json(file.read_bytes())
    except (OSError, ValueError):
        raise BadSettings(f"{file.name}: missing or no root key") from None


def _opener(folder: Path, kid: str) -> sealing.PrivateKey:
    return sealing.private_key(_secret(_file(folder, kid, "key"), sealing.PRIVATE_BYTES))


def _file(folder: Path, kid: str, suffix: str) -> Path:
    _, purpose, number = kid.split(".")
    return folder / (f"{purpose}.{suffix}" if number == "1" else f"{purpose}.{number}.{suffix}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        raise BadSettings(f"keys/{path.name}: missing or unreadable") from None


def _secret(path: Path, size: int) -> bytes:
    try:
        secret = bytes.fromhex(handed(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise BadSettings(f"{path.parent.name}/{path.name}: missing, unreadable or not hexadecimal") from None
    if len(secret) != size:
        raise BadSettings(f"{path.parent.name}/{path.name}: not {size} bytes of hexadecimal")
    return secret


def _store(path: Path, secret: bytes) -> None:
    _write(path, secret.hex())


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, encoding="ascii")
