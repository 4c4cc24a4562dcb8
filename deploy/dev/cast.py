"""The officers of a demo: who sits at which desk, and the tokens they show.

Tokens are made anew for every demo and lie in `cast.json` of each home, readable by its owner alone;
the node itself gets only their hashes.
"""

import json
import os
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

ROLES: Mapping[str, Mapping[str, str]] = {
    "komnas-ham": {
        "kh-petugas": "petugas_pengaduan",
        "kh-hrd": "tim_hrd",
        "kh-komisioner": "komisioner_pengaduan",
        "kh-pdp": "pejabat_pdp",
        "kh-auditor": "auditor",
        "kh-admin": "admin_node",
    },
    "komnas-perempuan": {
        "kp-upr": "petugas_upr",
        "kp-koordinator": "koordinator_upr",
        "kp-piket": "komisioner_piket",
        "kp-piket-2": "komisioner_piket",
        "kp-mitra": "pengelola_mitra",
        "kp-pdp": "pejabat_pdp",
        "kp-auditor": "auditor",
        "kp-admin": "admin_node",
    },
    "lpsk": {
        "lpsk-hotline": "petugas_permohonan",
        "lpsk-darurat": "petugas_darurat",
        "lpsk-telaah": "tenaga_ahli_telaah",
        "lpsk-smpl": "sekretaris_smpl",
        "lpsk-pdp": "pejabat_pdp",
        "lpsk-auditor": "auditor",
        "lpsk-admin": "admin_node",
        **{f"lpsk-pimpinan-{number}": "pimpinan" for number in range(1, 8)},
    },
}


def seat(homes: Mapping[str, Path]) -> None:
    """Give every home its officers and their tokens."""
    for agency, home in homes.items():
        tokens = {officer: secrets.token_hex(6) for officer in ROLES[agency]}  # short enough to be typed into a form
        entries = [_entry(agency, officer, role, tokens[officer]) for officer, role in ROLES[agency].items()]
        (home / "officers.json").write_text(json.dumps(entries, indent=1))
        with os.fdopen(os.open(home / "cast.json", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump(tokens, file)


def token(home: Path, officer: str) -> str:
    """The token of one officer of a demo."""
    tokens: dict[str, str] = json.loads((home / "cast.json").read_text())
    return tokens[officer]


def _entry(agency: str, officer: str, role: str, secret: str) -> dict[str, str]:
    digest = sha256(secret.encode()).hexdigest()
    return {"officer": officer, "role": role, "email": f"{officer}@{agency}.example", "token_sha256": digest}
