"""A report's way in: strict JSON, no nulls, the closed form, and never a value in an error.

Officers' programs write `null` for what they do not know; on the wire what is not known is absent.
So nulls leave at this door and nowhere else.
"""

from hashlib import sha256

from pydantic import ValidationError

from contracts.canonical import parse
from contracts.errors import Code, Rejected
from contracts.events.body import fault_path
from contracts.events.report import Report

__all__ = ["MAX_BYTES", "Report", "file_key", "gender_lens", "read_report"]

MAX_BYTES = 256 * 1024  # thirty-two incidents, each with a full page of narrative
WOMENS_RIGHTS = "KTP"  # kekerasan terhadap perempuan: violence against women


def read_report(data: bytes) -> Report:
    """The report in `data`, as JSON in any layout.

    Raises Rejected(SIZE | ENCODING | JSON) for what is not strict JSON of at most MAX_BYTES bytes,
    and Rejected(REPORT) with the path of the first field that does not fit, never its value.
    """
    value = parse(data, max_bytes=MAX_BYTES)
    try:
        return Report.model_validate(_without_nulls(value))
    except ValidationError as error:
        raise Rejected(Code.REPORT, fault_path(error)) from None


def file_key(data: bytes) -> str:
    """The idempotency key of a report that comes as a file: its content, so that the same file opens one case."""
    return f"file {sha256(data).hexdigest()}"


def gender_lens(report: Report) -> bool:
    """Whether the case is read as one of a woman defender or of violence against women.

    True for anyone who defends women's rights (issue KTP) and for a woman attacked in a gendered
    form (Komnas Perempuan's mapping of attacks on women defenders, 2007).
    """
    gendered = any(incident.gendered_forms for incident in report.incidents)
    return WOMENS_RIGHTS in report.work.issues or (report.defender.gender == "female" and gendered)


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_without_nulls(part) for part in value]
    return value
