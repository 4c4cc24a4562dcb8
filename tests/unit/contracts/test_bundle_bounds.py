"""A bundle made to keep its verifier busy: the work grows with the file, not with products of its parts."""

import time
from hashlib import sha256

from contracts import note
from contracts.bundle import layout, verify
from contracts.bundle.reading import Files
from contracts.directory import Directory, sign
from contracts.note import Checkpoint
from contracts.vectors import material
from tests.unit.contracts.dossiers import AGENCIES, EXPORTED, LPSK, chain

LOG = material.origin(LPSK)


def crafted(keys: int, notes: int) -> Files:
    """A directory with so many keys for notes in each agency's name, and so many checkpoints of one log."""
    kids = [f"{kind}.{number}" for kind in ("witness", "checkpoint") for number in range(1, keys + 1)]
    agencies = {
        agency: material.entry(agency, [material.signing_key(f"{agency}.{kid}") for kid in ("node.1", *kids)])
        for agency in AGENCIES
    }
    directory = Directory(version=1, issued=material.ISSUED, agencies=agencies)
    files = {"directory/1.json": sign(directory, [material.root(agency) for agency in AGENCIES])}
    (key,), signer = note.checkpoint_keys(chain(), LOG), material.signer(f"{LPSK}.checkpoint.1")
    for size in range(1, notes + 1):
        told = note.sign(Checkpoint(LOG, size, sha256(bytes(size)).digest()), key, signer)
        files[f"checkpoints/lpsk/1/{size}.note"] = told.encode()
    manifest = layout.Manifest(
        version=1,
        case="0" * 26,
        scope="court",
        agency=LPSK,
        kid=f"{LPSK}.node.1",
        role="operator",
        officer="root",
        purpose="AUDIT",
        exported=EXPORTED,
        withheld=[],
        files={name: sha256(data).hexdigest() for name, data in files.items()},
    )
    data = layout.write(layout.A_MANIFEST, manifest)
    signature = material.signer(f"{LPSK}.node.1").sign(layout.signed_bytes(data))
    return {**files, layout.MANIFEST: data, layout.SIGNATURE: signature}


def test_many_keys_and_many_checkpoints_do_not_multiply() -> None:
    """Each note is held against the keys that it names, however many the directory has: 1 MB took four seconds."""
    files = crafted(keys=400, notes=1000)
    began = time.process_time()
    verdict = verify(files, None)
    assert time.process_time() - began < 2
    assert [finding.file for finding in verdict.findings] == [layout.RULES]
