"""The program of a decoding worker: reads requests on stdin, answers on stdout, trusts no byte of any file.

It confines itself (memory, CPU time, no file writes, no core dumps), ignores Ctrl-C, which is the parent's to
act on, and ends when its stdin closes: a parent that is killed leaves no orphan behind.
"""

import contextlib
import os
import signal
import sys
import time
from typing import BinaryIO, cast

from saccade.sources.archives import MAX_NAME, Member, Shelf
from saccade.sources.decode import ImageReader
from saccade.sources.files import Content, check_bytes, read_picture
from saccade.sources.wire import Cut, Header, Limits, RefusedError, check_cut, pack, receive

_BEAT_S = 0.5
_LISTED_AT_ONCE = 500
_NAME_CHARACTERS_AT_ONCE = 50_000


class Worker:
    """Answers requests one by one."""

    def __init__(self, limits: Limits, replies: BinaryIO) -> None:
        self._limits = limits
        self._replies = replies
        self._reader = ImageReader(limits)
        self._shelf = Shelf(limits, self._beat)
        self._last_beat = 0.0

    def answer(self, request: Header, payload: bytes) -> None:
        """Do what is asked and reply; any refusal is a reply too."""
        path = str(request["path"]).encode("latin-1")
        self._last_beat = time.monotonic()
        allow_cpu(self._limits.wall_s)
        try:
            if request["op"] == "list":
                allow_cpu(self._limits.archive_s)
                self._list(path)
            else:
                self._decode(request, path, payload)
        except RefusedError as refused:
            self._send({"kind": "refused", "code": refused.code, "reason": refused.reason})
        except MemoryError:
            most = self._limits.memory_bytes >> 20
            self._send(
                {
                    "kind": "refused",
                    "code": "decode_memory",
                    "reason": f"it takes more than {most:,} MB of memory",
                }
            )

    def _decode(self, request: Header, path: bytes, payload: bytes) -> None:
        member = str(request["member"])
        cut = None if request["cut"] is None else check_cut(request["cut"])
        stamp: list[int] | None
        if member:
            data, listed = self._shelf.read(path, member)
            content = check_bytes(data, member, self._limits.max_bytes, claimed=False)
            stamp = [listed.size, listed.mtime_ns]
        elif request["op"] == "bytes":
            content = check_bytes(payload, os.fsdecode(path), self._limits.max_bytes, claimed=True)
            stamp = None
        else:
            content, found = read_picture(path, self._limits.max_bytes)
            stamp = [found.st_size, found.st_mtime_ns]
        if cut is None:
            self._send({"kind": "hashed", "sha256": content.sha256.hex(), "stamp": stamp})
        else:
            self._send_picture(content, stamp, cut)

    def _send_picture(self, content: Content, stamp: list[int] | None, cut: Cut) -> None:
        picture = self._reader.read(content.data, content.format, cut)
        reply: Header = {
            "kind": "picture",
            "sha256": content.sha256.hex(),
            "stamp": stamp,
            "format": content.format,
            "size_bytes": len(content.data),
            "facts": picture.facts,
            "pixels": picture.size,
        }
        self._send(reply, picture.pixels)

    def _list(self, path: bytes) -> None:
        """Members in messages of bounded size; the last says so. A name too long to keep has size -1."""
        batch: list[Member] = []
        characters = 0
        try:
            for member in self._shelf.list(path):
                kept = member if len(member.name) <= MAX_NAME else Member(member.name[:200], -1, 0)
                batch.append(kept)
                characters += len(kept.name)
                if len(batch) >= _LISTED_AT_ONCE or characters >= _NAME_CHARACTERS_AT_ONCE:
                    self._send({"kind": "members", "members": batch, "last": False})
                    batch, characters = [], 0
        except RefusedError:
            self._send({"kind": "members", "members": batch, "last": False})
            raise
        self._send({"kind": "members", "members": batch, "last": True})

    def _beat(self) -> None:
        """Tell the parent, now and then, that a long read is still running."""
        now = time.monotonic()
        if now - self._last_beat >= _BEAT_S:
            self._last_beat = now
            self._send({"kind": "busy"})
            allow_cpu(self._limits.wall_s)

    def _send(self, header: Header, payload: bytes = b"") -> None:
        self._replies.write(pack(header, payload))
        self._replies.flush()


def allow_cpu(seconds: float) -> None:
    """Let the process use this much more CPU time before the system ends it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - absent on Windows

        used = time.process_time()
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 2, hard))


def confine(limits: Limits) -> None:
    """Give up what decoding does not need. Where there are no such limits, the parent's clock remains."""
    with contextlib.suppress(ImportError):
        import resource  # noqa: PLC0415 - absent on Windows

        for name, most in (
            ("RLIMIT_AS", limits.memory_bytes),
            ("RLIMIT_FSIZE", 0),
            ("RLIMIT_CORE", 0),
            ("RLIMIT_NOFILE", 64),
        ):
            with contextlib.suppress(AttributeError, ValueError, OSError):
                kind = getattr(resource, name)
                _, hard = resource.getrlimit(kind)
                bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
                resource.setrlimit(kind, (bound, bound))


def main() -> None:
    """Serve until stdin closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests = sys.stdin.buffer
    # Libraries that print would break the protocol: what they see as stdout leads nowhere.
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    setup = receive(requests, lambda size: size == 0)
    if setup is None:
        return
    limits = cast("list[object]", setup[0]["limits"])
    bounds = Limits(*limits)  # type: ignore[arg-type]  # our own parent wrote it
    confine(bounds)
    worker = Worker(bounds, replies)
    replies.write(pack({"kind": "ready"}))
    replies.flush()
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        while (request := receive(requests, lambda size: size <= bounds.max_bytes)) is not None:
            worker.answer(*request)
