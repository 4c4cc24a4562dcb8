"""What nodes tell each other about themselves: the directory they follow, what they refused."""

from typing import ClassVar

from contracts.events.body import Body
from contracts.events.fields import CodeText, Count, Hash, LogName, Version


class DirectoryAdopted(Body):
    """From here on this log follows this version of the directory; `digest` is its SHA-256."""

    type: ClassVar[str] = "node.directory.adopted"
    version: Version
    digest: Hash


class RecordRefused(Body):
    """A signed no: entry `seq` of `log` arrived with SHA-256 `digest` and breaks the rule `code`."""

    type: ClassVar[str] = "node.record.refused"
    log: LogName
    seq: Count
    digest: Hash
    code: CodeText
