"""Installs what the tests need from npm, and a Chromium with it, below the virtual environment: nobody does so by hand.

npm comes with the Node.js of the development requirements and takes what package-lock.json names, by its hashes,
from whatever registry the machine is set up for. No script of a package is run. Called by `make setup`.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tests.browser.chromium import FOLDER, UNPACKED
from tests.e2e import javascript

_HERE = Path(__file__).parent
_FILES = ("package.json", "package-lock.json", ".npmrc", "unpack.mjs")
_NPM = Path(javascript.FOLDER).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def main() -> None:
    """Install anew; what was there is replaced."""
    FOLDER.mkdir(exist_ok=True)
    for name in _FILES:
        shutil.copy(_HERE / name, FOLDER)
    subprocess.run([javascript.NODE, _NPM, "ci", "--ignore-scripts", "--loglevel=error"], cwd=FOLDER, check=True)
    shutil.rmtree(UNPACKED, ignore_errors=True)
    UNPACKED.mkdir()
    shutil.copy(_HERE / "fonts.conf", UNPACKED)
    subprocess.run([javascript.NODE, "unpack.mjs"], cwd=FOLDER, check=True, env=os.environ | {"TMPDIR": str(UNPACKED)})


if __name__ == "__main__":
    main()
