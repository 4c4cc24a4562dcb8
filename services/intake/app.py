"""Plugs intake into the node."""

from functools import partial
from pathlib import Path

from fastapi import APIRouter

from contracts.events import Body
from contracts.events.intake import (
    ConsentWithdrawn,
    DuplicateDismissed,
    DuplicateLinked,
    DuplicateReopened,
    IdentityShared,
)
from contracts.events.node import ErasureExecuted
from services.intake import api, consent, drafts, duplicates, person
from services.intake.check import check
from services.intake.folder import Folder
from services.intake.handlers import consent_withdrawn, decided, identity_shared
from services.intake.panel import PAGES
from services.node.service import Desk, Handler, Plug, Timer

LOOK_EVERY_S = 1.0


def plug(desk: Desk) -> Plug:
    """Intake takes reports over HTTP and from the watched folder, and compares what other agencies share.

    What was erased it forgets; its tables by `intake.forget`, in the transaction of the erasure, its files hereafter.
    """
    folder = Folder(desk, Path(desk.settings.watched))
    handlers: dict[type[Body], Handler] = {
        IdentityShared: partial(identity_shared, desk),
        ConsentWithdrawn: partial(consent_withdrawn, desk),
        DuplicateLinked: partial(decided, desk),
        DuplicateDismissed: partial(decided, desk),
        DuplicateReopened: partial(decided, desk),
        ErasureExecuted: folder.forget,
    }

    def routers() -> list[APIRouter]:
        return [part.router(desk) for part in (api, consent, duplicates, person, drafts)]

    timers = [Timer(LOOK_EVERY_S, folder.sweep), Timer(drafts.LOOK_EVERY_S, partial(drafts.forget, desk))]
    return Plug("intake", handlers, routers, timers, partial(check, desk), PAGES)
