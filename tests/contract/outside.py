"""Where test vectors that others made lie: not in this repository, because they are theirs.

`RAJUT_VECTORS` names the folder; without it, `shared/vectors` beside the checkout is taken.
"""

import base64
import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("RAJUT_VECTORS", Path(__file__).parents[3] / "shared" / "vectors"))
HERE = FOLDER.is_dir()
REQUIRED = os.environ.get("CI") == "true"
ABSENT = f"outside vectors were NOT run: no folder {FOLDER.name!r}; name one in RAJUT_VECTORS"


def load(path: str) -> Any:
    """One of their JSON files."""
    return json.loads((FOLDER / path).read_bytes())


def load_all(pattern: str) -> list[Any]:
    """Many of their JSON files, in order of their names."""
    return [json.loads(path.read_bytes()) for path in sorted(FOLDER.glob(pattern))]


def wycheproof(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every test of one Wycheproof file with its group."""
    groups = load(f"wycheproof/{name}_test.json")["testGroups"]
    return [(group, test) for group in groups for test in group["tests"]]


def unpadded(text: str) -> bytes:
    """Bytes from ordinary base64, as the Merkle vectors write it."""
    return base64.b64decode(text)
