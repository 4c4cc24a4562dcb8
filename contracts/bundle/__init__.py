"""The bundle: one file about one case that an outsider can check alone, years later, without asking anybody.

`assemble` makes it from what an agency holds, `verify` judges it from its bytes. Both are pure.
"""

from contracts.bundle.check import verify, verify_archive
from contracts.bundle.verdict import Finding, Line, Verdict

__all__ = ["Finding", "Line", "Verdict", "verify", "verify_archive"]
