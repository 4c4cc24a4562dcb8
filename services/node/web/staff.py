"""Who is who at the desk: a person of the login server and a pseudonym belong to each other from the first login on.

What an officer is called there may change, by their own hand, too, and may later be somebody else's. Only issuer and
`sub` together name one person for ever (OpenID Connect Core 1.0, 5.7). Where two must agree, one may not be two.
"""

from datetime import datetime
from pathlib import Path

from contracts.errors import Code, Rejected
from services.node.sql import Pool, queries
from services.node.web.oidc import Arrival

SQL = queries(Path(__file__).with_name("staff.sql"))


async def bind(pool: Pool, arrived: Arrival, at: datetime) -> None:
    """Bind somebody to their pseudonym, or see that they are: Rejected(BOUND) if it or they belong elsewhere."""
    pair = arrived.officer.officer, arrived.issuer, arrived.subject
    await pool.execute(SQL["bind"], *pair, at)
    if not await pool.fetchval(SQL["bound"], *pair):
        raise Rejected(Code.BOUND, "subject")
