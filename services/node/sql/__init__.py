"""SQL lives in files: each query has a name and one line that says what it is for."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Row = asyncpg.Record
    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:  # asyncpg's own classes take no type arguments
    Row = Pool = Connection = object

_NAME = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


def queries(path: Path) -> Mapping[str, str]:
    """The named statements of a `queries.sql` file."""
    parts = _NAME.split(path.read_text(encoding="utf-8"))
    return MappingProxyType(dict(zip(parts[1::2], (text.strip().rstrip(";") for text in parts[2::2]), strict=True)))
