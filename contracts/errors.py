"""The one way a contract says no: `Rejected`, with a code from a closed list.

Codes are stable and travel between agencies inside refusals; the texts that people read are in
`contracts/locale`. A detail names a place (a field, a sequence number), never a value, so that no
personal data can leave through an error.
"""

from enum import StrEnum


class Code(StrEnum):
    """Why something was refused. Values are wire format: add, never rename."""

    SIZE = "E_SIZE"  # larger than the bound of its kind
    ENCODING = "E_ENCODING"  # not UTF-8, not the one allowed base64url form, or not three parts
    JSON = "E_JSON"  # not strict JSON: duplicate name, float, NaN, lone surrogate, depth, range
    CANONICAL = "E_CANONICAL"  # valid JSON, but not the canonical bytes of its value
    HEADER = "E_HEADER"  # a protected header other than the one allowed form
    SCHEMA = "E_SCHEMA"  # a field missing, added, or out of its bounds
    KEY = "E_KEY"  # unknown key, or a key that may not sign this log at this sequence
    REVOKED = "E_REVOKED"  # signed beyond the last good place of a key that was revoked
    SIGNATURE = "E_SIGNATURE"  # the signature does not verify
    DIRECTORY = "E_DIRECTORY"  # a directory that its agencies did not sign or that breaks the chain
    MECHANISM = "E_MECHANISM"  # a mechanism with a fault, not signed by all, or that does not follow the last one
    FORK = "E_FORK"  # two signed records contradict each other
    PROOF = "E_PROOF"  # a Merkle proof, or the proof of a fork, does not show what it claims
    BLOB = "E_BLOB"  # sealed content does not match the hash in the record
    WRAP = "E_WRAP"  # the wrapped key does not open for this recipient
    COMMIT = "E_COMMIT"  # opened content is not what the record committed to
    BIND = "E_BIND"  # content and record disagree (recipients, log, sequence, case)
    GRANT = "E_GRANT"  # this service key may not sign this type of event
    VISIBILITY = "E_VISIBILITY"  # a reader of the event may not read one of its parents
    BODY = "E_BODY"  # a known event type with a body that does not fit it
    REPORT = "E_REPORT"  # a report that intake cannot read
    FORBIDDEN = "E_FORBIDDEN"  # this role may not do this
    IDENTITY = "E_IDENTITY"  # no officer, or not with this token
    BOUND = "E_BOUND"  # at the login server, this pseudonym is another person's, or this person had another one
    NOT_FOUND = "E_NOT_FOUND"  # no such thing that this officer may see
    STATE = "E_STATE"  # the case is not in a state that allows this
    CONFLICT = "E_CONFLICT"  # the same idempotency key with another request
    STALE = "E_STALE"  # the case has moved on since the version that the request rests on
    SLOW = "E_SLOW"  # a request that did not arrive in time
    PACE = "E_PACE"  # more requests of one officer than anybody needs
    SETTINGS = "E_SETTINGS"  # a setting, key or file of this node cannot be used
    ACCESS = "E_ACCESS"  # the access log cannot be written, so nothing is shown
    UNEXPECTED = "E_UNEXPECTED"  # our own software failed on it; kept, and people must look
    BEHIND = "E_BEHIND"  # this node was restored from a backup and lacks the end of its own log
    UNAVAILABLE = "E_UNAVAILABLE"  # a part that this needs is not ready; try again


class Rejected(Exception):
    """A verdict, not an accident: the input breaks the rule that `code` names."""

    def __init__(self, code: Code, detail: str = "") -> None:
        """`detail` names where (a field path, a number); it must never carry a value of the input."""
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail
