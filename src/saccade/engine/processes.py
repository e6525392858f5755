"""Which process does something, so that others can tell whether it still runs."""

import os
import socket
from contextlib import suppress


def this_process() -> str:
    """The host, the process id, and when it began: "host 123 45678", the last 0 where it is not known."""
    return f"{socket.gethostname()} {os.getpid()} {_began(os.getpid())}"


def runs_here(process: str) -> bool | None:
    """Whether the process still runs; None if nobody on this host can tell."""
    host, _, rest = process.partition(" ")
    number, _, began = rest.partition(" ")
    if host != socket.gethostname() or not number.isdecimal():
        return None
    try:
        os.kill(int(number), 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return None
    now = _began(int(number))
    return None if "0" in {now, began} else now == began


def _began(number: int) -> str:
    """When a process began, in ticks since boot: process ids are reused, but not within the same tick."""
    with (
        suppress(OSError, IndexError),
        open(f"/proc/{number}/stat", encoding="utf-8", errors="replace") as stat,
    ):
        return stat.read().rpartition(")")[2].split()[19]
    return "0"
