"""The agencies' own mechanisms, one document beside this module for each: they differ and stay different.

Another agency is another document. Nothing in the code knows any of them by name.
"""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from contracts.mechanism import LATEST
from services.protection.mechanisms.declaration import Machine, read


def _read_all() -> dict[str, Machine]:
    documents = sorted(
        (one for one in files(__name__).iterdir() if one.name.endswith(".toml")), key=lambda one: one.name
    )
    machines = (read(document.read_text("utf-8"), LATEST) for document in documents)
    return {machine.agency: machine for machine in machines}


MACHINES: Mapping[str, Machine] = MappingProxyType(_read_all())
"""By agency."""
