"""Becomes another program that dies with its parent, optionally as an unprivileged user.

Run as a script between a runner and a server: `launch.py PARENT UID GID PROGRAM ARGUMENT...`. The kernel
is asked to kill this process when the thread that started it ends (prctl PR_SET_PDEATHSIG, Linux), so
that neither `kill -9` of the runner nor Ctrl-C leaves servers on their ports. It uses the standard
library only, since it runs with an isolated interpreter. UID and GID of -1 mean: stay who you are.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, uid: int, gid: int, command: list[str]) -> None:
    """Drop privileges, tie this process to its parent, and become `command`; does not return."""
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After setuid: a change of credentials clears the setting.
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:  # it died before the kernel was asked
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
