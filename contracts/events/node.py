"""What nodes tell each other about themselves: the directory they follow, what they refused, what they erased."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.events.body import Body, Value
from contracts.events.fields import (
    MAX_AGENCIES,
    Array,
    CodeText,
    Count,
    DocumentText,
    ErasedEvents,
    EventId,
    Hash,
    KeyName,
    LogName,
    Sha256Hex,
    Signature,
    Version,
)


class Basis(StrEnum):
    """Why the law lets or makes an agency erase: UU 27/2022 Pasal 8, 43 (1) and 44 (1), or a court."""

    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    SUBJECT_REQUEST = "SUBJECT_REQUEST"
    PURPOSE_ENDED = "PURPOSE_ENDED"
    RETENTION_ENDED = "RETENTION_ENDED"
    UNLAWFUL_COLLECTION = "UNLAWFUL_COLLECTION"
    COURT_ORDER = "COURT_ORDER"


class DirectoryAdopted(Body):
    """This agency judges by this version of the directory; `digest` is its SHA-256.

    Its own log goes on under the version before, unless this one brings nothing new or revokes a key, until all others
    have cosigned this event (`contracts.succession`).
    """

    type: ClassVar[str] = "node.directory.adopted"
    of_case: ClassVar[bool] = False
    version: Version
    digest: Hash


class RootSignature(Value):
    """What one agency's offline root has signed; see `contracts.mechanism.signed`."""

    kid: KeyName
    signature: Signature


class MechanismAdopted(Body):
    """From here on this agency may open cases under this version of the mechanism, which all agencies signed.

    `previous` is the SHA-256 of the text of the version before, `directory` the version that says whose signatures
    these are. Others need nothing more to judge the cases that follow in this log.
    """

    type: ClassVar[str] = "node.mechanism.adopted"
    of_case: ClassVar[bool] = False
    version: Version
    previous: Sha256Hex
    directory: Version
    text: DocumentText
    signatures: Annotated[Array[RootSignature], Field(max_length=MAX_AGENCIES)]


class ForkFound(Body):
    """`log` has two histories somewhere in its first `size` records; `digest` is the SHA-256 of the proof we hold."""

    type: ClassVar[str] = "node.fork.found"
    of_case: ClassVar[bool] = False
    log: LogName
    size: Count
    digest: Hash


class RecordRefused(Body):
    """A signed no: entry `seq` of `log` arrived with SHA-256 `digest` and breaks the rule `code`."""

    type: ClassVar[str] = "node.record.refused"
    of_case: ClassVar[bool] = False
    log: LogName
    seq: Count
    digest: Hash
    code: CodeText


class ErasureAsked(Body):
    """One officer wants the content of these events destroyed wherever it is; nothing happens until another confirms.

    `mechanism` is the version of the case's rules: the order is judged by it also when the opening is gone.
    """

    type: ClassVar[str] = "node.erasure.asked"
    basis: CodeText
    mechanism: Version
    events: ErasedEvents


class ErasureConfirmed(Body):
    """Another officer agrees: from here on it is an order to every agency that holds something of it."""

    type: ClassVar[str] = "node.erasure.confirmed"
    asked: EventId


class ErasureExecuted(Body):
    """This agency has destroyed what it held, so many events.

    `graph` is a hash over their ids and parents (see `contracts.workflow.erasure`): the order of what remains
    rests on them.
    """

    type: ClassVar[str] = "node.erasure.executed"
    confirmed: EventId
    events: Count
    graph: Hash
