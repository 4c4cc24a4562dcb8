"""The nodes of three agencies in this event loop, on servers that run: by letters, or by names and a clock."""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from deploy.dev.runner import ThreeNodes
from services.node.clock import Clock
from services.node.node import Node
from tests.e2e.stage import level, opened, talk, until

A, B, C = "komnas-perempuan", "lpsk", "komnas-ham"


class Trio(NamedTuple):
    """Three nodes, none of them running."""

    a: Node
    b: Node
    c: Node


@asynccontextmanager
async def by_name(machines: ThreeNodes, clock: Clock | None = None) -> AsyncIterator[dict[str, Node]]:
    """Three nodes, none of them running, all by one clock; agency -> node."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(opened(home, clock)) for name, home in machines.homes.items()}


@asynccontextmanager
async def three(machines: ThreeNodes) -> AsyncIterator[Trio]:
    """Three nodes that hold the same."""
    async with by_name(machines) as nodes:
        trio = Trio(nodes[A], nodes[B], nodes[C])
        await agree(trio)
        yield trio


async def agree(nodes: Collection[Node]) -> None:
    """Let nodes talk until they hold the same."""
    async with talk(*nodes):
        await until(lambda: level(*nodes))


async def settle(nodes: Collection[Node]) -> None:
    """Wait until nodes that talk hold the same; they say at once what they have."""
    for node in nodes:
        node.relay.wake()
    await until(lambda: level(*nodes))
