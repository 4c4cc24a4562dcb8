"""Plugs protection into the node."""

from services.node.service import Desk, Plug
from services.protection.api import router


def plug(desk: Desk) -> Plug:
    """Protection acts on officers' requests only: no event and no clock decides about a person."""
    return Plug("protection", {}, router(desk))
