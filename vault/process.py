"""Keeping what is in this process's memory in it: unwrapped keys and opened values must never lie on a disk."""

import ctypes
import os
import resource
import sys

_PR_SET_DUMPABLE = 4
"""From Linux's <linux/prctl.h>."""


def protect_process() -> None:
    """No core dump of this process, and no look into its memory by another of the same user.

    The limit of 0 keeps core files from being written. It does not keep the kernel from handing a dump to a program
    (core(5), "Piping core dumps to a program": systemd-coredump, apport), so on Linux the process is made undumpable
    as well; that also takes ptrace and ``/proc/PID/mem`` away from all but root (prctl(2), PR_SET_DUMPABLE).

    Both are inherited by a fork. A program that is started loses the second, so each of ours calls this for itself.
    Raises OSError if the system refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"This process cannot be kept out of core dumps: {os.strerror(number)}")
