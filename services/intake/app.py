"""Plugs intake into the node."""

from functools import partial
from pathlib import Path

from contracts.events import Body
from contracts.events.intake import IdentityShared
from contracts.events.node import ErasureExecuted
from services.intake import consent
from services.intake.api import router
from services.intake.check import check
from services.intake.folder import Folder
from services.intake.handlers import identity_shared
from services.node.service import Desk, Handler, Plug, Timer

LOOK_EVERY_S = 1.0


def plug(desk: Desk) -> Plug:
    """Intake takes reports over HTTP and from the watched folder, and compares what other agencies share.

    What was erased it forgets; its tables by `intake.forget`, in the transaction of the erasure, its files hereafter.
    """
    folder = Folder(desk, Path(desk.settings.watched))
    handlers: dict[type[Body], Handler] = {
        IdentityShared: partial(identity_shared, desk),
        ErasureExecuted: folder.forget,
    }
    routes = router(desk)
    routes.include_router(consent.router(desk))
    return Plug("intake", handlers, routes, [Timer(LOOK_EVERY_S, folder.sweep)], partial(check, desk))
