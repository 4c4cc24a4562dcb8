"""Who is at the desk: officers by bearer token, with a role and a pseudonym.

A stand-in for the agency's own login until staff sign in by OIDC: `officers.json` in the node's home
holds only hashes of tokens. What a role may do is the mechanism's business, not this file's.
"""

import json
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.mechanism import AgencyRules, Permission
from services.node.pace import Pace
from services.node.settings import BadSettings


class Officer(NamedTuple):
    """A person at the desk, as the software knows them."""

    officer: str  # pseudonym
    role: str
    email: str

    @property
    def actor(self) -> Actor:
        """How events name them."""
        return Actor(self.role, self.officer)


class Officers:
    """The officers of one agency."""

    def __init__(self, path: Path, rules: Callable[[], AgencyRules]) -> None:
        """Read `officers.json`, a list of {officer, role, email, token_sha256}; BadSettings if it is none.

        `rules` gives those in force, asked each time.
        """
        self._rules = rules
        self.pace = Pace(time.monotonic)
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
            self._by_token: Mapping[str, Officer] = {
                entry["token_sha256"]: Officer(entry["officer"], entry["role"], entry["email"]) for entry in entries
            }
        except (OSError, ValueError, KeyError, TypeError):
            raise BadSettings(f"{path.name}: missing, unreadable or no list of officers") from None

    def identify(self, token: str) -> Officer:
        """The officer with this token; Rejected(IDENTITY) if there is none."""
        officer = self._by_token.get(sha256(token.encode()).hexdigest())
        if officer is None:
            raise Rejected(Code.IDENTITY)
        return officer

    def allow(self, officer: Officer, permission: Permission) -> None:
        """Raise Rejected(FORBIDDEN) unless the officer's role has the permission."""
        if not self._rules().may(officer.role, permission):
            raise Rejected(Code.FORBIDDEN, permission)

    def named(self, officer: str) -> Officer:
        """The officer with this pseudonym; Rejected(NOT_FOUND) if there is none."""
        found = next((one for one in self._by_token.values() if one.officer == officer), None)
        if found is None:
            raise Rejected(Code.NOT_FOUND, "officer")
        return found

    def with_role(self, role: str) -> list[Officer]:
        """Everyone who holds a role, in a stable order."""
        return sorted(officer for officer in self._by_token.values() if officer.role == role)
