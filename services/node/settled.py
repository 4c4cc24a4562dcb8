"""What a process has loaded stays until it ends, so the collector of cycles need not go through it again and again.

Each time it does, nothing else happens for some 50 ms: an event that is on its way through three nodes meets that often
enough. And a process that makes and drops many small things spends a tenth of its time so.
"""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """As long as this context lasts, the collector passes over what is there now; one inside another adds nothing."""
    if gc.get_freeze_count():  # whoever began it ends it: what one lets go, it lets go for all
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
