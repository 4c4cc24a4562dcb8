"""What a case is, and how it is laid out in files."""

import json
from collections.abc import Mapping
from typing import Literal, NamedTuple

from contracts.errors import Code

Verdict = Literal["accept", "reject", "wait"]


class Vector(NamedTuple):
    """One case: the bytes in question, what must come out, and why."""

    verdict: Verdict
    name: str
    why: str
    file: str
    data: bytes
    expected: Mapping[str, object]

    def files(self) -> dict[str, bytes]:
        """The case's files, by path below `contracts/vectors`."""
        folder = f"{self.verdict}/{self.name}"
        outcome = f"{self.verdict} {self.expected.get('code', '')}".strip()
        return {
            f"{folder}/{self.file}": self.data,
            f"{folder}/expected.json": pretty(self.expected),
            f"{folder}/README.md": f"# {self.name}\n\n{self.why}\n\nVerdict: {outcome}.\n".encode(),
        }


def pretty(value: object) -> bytes:
    """JSON that people can read, the same on every run."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=True).encode() + b"\n"


def rejected(kind: str, code: Code, **more: object) -> dict[str, object]:
    """The outcome of a case that must be refused with this code."""
    return {"kind": kind, "code": str(code), **more}
