"""What the node itself shows of a case: what is promised by whom and when, whatever service it is about."""

from pathlib import Path

from contracts.promises.promise import Promise
from services.node.web.own import conflicts
from services.node.web.panel import Look, Pages, Panel, Place

MOST = 12


def waiting(look: Look) -> list[Promise] | None:
    """What is owed, the most pressing first; None if nothing is."""
    return [promise for promise in look.promises if not promise.kept][:MOST] or None


PAGES = Pages(
    Path(__file__).parent,
    (
        Panel("conflicts", Place.HEAD, conflicts.show, conflicts.offers),
        Panel("waiting", Place.ASIDE, waiting),
    ),
)
