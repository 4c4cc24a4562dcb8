"""How a program that made folders and servers is ended by a signal: once and in order, whatever follows the first."""

import signal
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
INTERRUPTED = 130
"""The status of what was ended before it was done."""


def heed() -> None:
    """The first of these signals raises KeyboardInterrupt from now on; further ones are ignored.

    A shell lets what it starts in the background ignore SIGINT, and that is not heeded; a hangup which `nohup` has us
    ignore stays ignored.
    """
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)


def ignore() -> None:
    """From now on nothing but SIGKILL interrupts what is being cleaned up."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    ignore()
    raise KeyboardInterrupt
