"""The recurring work of witnesses, in haste."""

from collections.abc import Awaitable

from services.node.link import every
from services.node.node import Node


def notaries(*nodes: Node) -> list[Awaitable[None]]:
    """Sign, judge and convict every twentieth of a second."""
    works = (work for node in nodes for work in (node.witness.issue, node.witness.review, node.forks.gather))
    return [every(0.05, work) for work in works]
