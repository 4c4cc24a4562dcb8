"""What a command says when something goes wrong: a code, what happened, and what to do next."""

from errno import EDQUOT, EFBIG, EIO, ENOSPC
from pathlib import Path
from traceback import extract_tb

import asyncpg
import httpx2
import typer
from pydantic import ValidationError
from typer.exceptions import TyperException

from contracts.codes import advice
from contracts.errors import Code, Rejected
from services.node.database import AWAY
from services.node.settings import BadSettings
from services.node.telemetry import reason

NOT_WRITTEN = {EDQUOT, EFBIG, EIO, ENOSPC}
"""What a disk says that takes no more. Of an open file, such as the output, it names no file."""


def explain(error: BaseException) -> str:
    """Code, what happened and what to do. May name what the command was given, never what it read."""
    match error:
        case BaseExceptionGroup():
            return explain(error.exceptions[0])
        case Rejected():
            return f"{error}: {advice(error.code, 'en')}"
        case TyperException() | typer.Abort() | UnicodeError() | httpx2.InvalidURL() | httpx2.LocalProtocolError():
            code, told = Code.SCHEMA, _misuse(error)
        case BadSettings():
            code, told = Code.SETTINGS, str(error)
        case ValidationError():
            code, told = Code.SETTINGS, f"{_place(error)}: not of the form that it must have"
        case OSError(filename=str() as name):
            code, told = Code.SETTINGS, f"{name}: {error.strerror}"
        case OSError(errno=number) if number in NOT_WRITTEN:
            told = f"the output could not be written ({error.strerror}); what was asked for may have been done"
            code = Code.SETTINGS
        case httpx2.TransportError():
            code, told = Code.UNAVAILABLE, "the node does not answer: is it running, and is --home right?"
        case _ if isinstance(error, (*AWAY, asyncpg.PostgresError)):
            code, told = Code.UNAVAILABLE, f"{reason(error)}: is the node's database running, and is --home right?"
        case _:
            code, told = Code.UNEXPECTED, f"{reason(error)} in {_origin(error)}: {advice(Code.UNEXPECTED, 'en')}"
    return f"{code}: {told}"


def _misuse(error: Exception) -> str:
    match error:
        case TyperException():
            return f"{error.format_message() or 'what to do?'} (see rajut --help)"
        case typer.Abort():
            return "not confirmed; nothing was done"
        case _:
            return "something has characters that cannot be used there"


def _place(error: ValidationError) -> str:
    return ".".join(map(str, error.errors()[0]["loc"]))


def _origin(error: BaseException) -> str:
    frame = extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name} {frame.lineno}"
