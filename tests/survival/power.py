"""Folders on a disk that keeps what was synced, and may lose any other change when the power fails.

A sync of a file keeps its bytes, permissions and time; a sync of a folder keeps the names in it, but not its
own name. Every other change may be lost or kept, each by itself: a new name and the removal of the old one,
the bytes of a file and its permissions. Only a rename is one change, until one of its folders is synced.
"""

import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

MADE_AGAIN = ("-shm", ".saccade/lock")
"""Ends of the names of files that nobody reads after a crash."""

_TIMES = re.compile(r"tv_sec=(\d+), tv_nsec=(\d+)")
_MODE = re.compile(r"0\d+")


@dataclass(eq=False, slots=True)
class File:
    """A file's bytes and its permissions and time, as they are and as they were synced."""

    data: bytes = b""
    facts: tuple[int, int] = (0o644, 0)
    kept: bytes = b""
    kept_facts: tuple[int, int] = (0o644, 0)

    def sync(self) -> None:
        """Keep it all."""
        self.kept, self.kept_facts = self.data, self.facts


@dataclass(eq=False, slots=True)
class Folder:
    """A folder's names, as they are and as they were synced."""

    names: dict[str, "Node"] = field(default_factory=dict)
    kept: dict[str, "Node"] = field(default_factory=dict)


Node: TypeAlias = File | Folder


@dataclass(eq=False, slots=True)
class Change:
    """Names that come (a node) or go (None) together; at most one of each folder."""

    parts: list[tuple[Folder, str, Node | None]]


@dataclass(frozen=True, eq=False, slots=True)
class Bytes:
    """The unsynced bytes of a file."""

    file: File


@dataclass(frozen=True, eq=False, slots=True)
class Facts:
    """The unsynced permissions and time of a file."""

    file: File


Loss: TypeAlias = Change | Bytes | Facts
State: TypeAlias = dict[str, tuple[bytes, int, int] | None]
"""{path: bytes, permissions and time of a file, or None for a folder}."""


class Disk:
    """The folders `roots`, which are taken as synced to begin with."""

    def __init__(self, *roots: str) -> None:
        self._top = Folder()
        self._roots = roots
        self._changes: list[Change] = []
        self.acknowledged: list[str] = []
        for root in roots:
            self._top.names[root] = _read(root)
        self._top.kept = dict(self._top.names)

    def do(self, call: Any) -> bool:
        """Take over a call (see tracing.py); whether anything changed but the bytes of a database."""
        if call.name == "write" and b'"done_with"' in call.strings[0]:
            self.acknowledged.append(json.loads(call.strings[0])["done_with"])
            return True
        paths = call.files[:1] if call.name in _OPEN else call.paths()
        if not any(map(self._mine, paths)):
            return False
        if call.name == "openat" and not re.search("O_CREAT|O_TRUNC", call.text):
            return False
        assert call.name in _DO, f"a call that this disk does not know: {call.name}({call.text[:200]})"
        _DO[call.name](self, call, *paths)
        return call.name not in _WRITE or ".db" not in os.path.basename(paths[0])

    def losses(self) -> list[Loss]:
        """Everything that may be lost now."""
        files = _files(self._top)
        return [
            *self._changes,
            *(Bytes(file) for file in files if file.data != file.kept),
            *(Facts(file) for file in files if file.facts != file.kept_facts),
        ]

    def after(self, lost: Collection[Loss]) -> State:
        """What is there after a power cut."""
        bytes_lost = {loss.file for loss in lost if isinstance(loss, Bytes)}
        facts_lost = {loss.file for loss in lost if isinstance(loss, Facts)}
        names: dict[Folder, dict[str, Node]] = {}
        for change in self._changes:
            if change not in lost:
                for folder, name, node in change.parts:
                    _put(names.setdefault(folder, dict(folder.kept)), name, node)
        found: State = {}

        def walk(path: str, node: Node) -> None:
            if isinstance(node, File):
                if not path.endswith(MADE_AGAIN):
                    data = node.kept if node in bytes_lost else node.data
                    found[path] = (data, *(node.kept_facts if node in facts_lost else node.facts))
                return
            found[path] = None
            for name, below in names.get(node, node.kept).items():
                walk(os.path.join(path, name), below)

        for root, node in self._top.names.items():
            walk(root, node)
        return found

    def _mine(self, path: str) -> bool:
        return any(path == root or path.startswith(root + "/") for root in self._roots)

    def _find(self, path: str) -> Node | None:
        for root in self._roots:
            if path == root or path.startswith(root + "/"):
                node: Node | None = self._top.names[root]
                for name in Path(path).relative_to(root).parts:
                    node = node.names.get(name) if isinstance(node, Folder) else None
                return node
        return None

    def _place(self, path: str) -> tuple[Folder, str]:
        folder = self._find(os.path.dirname(path))
        assert isinstance(folder, Folder), path
        return folder, os.path.basename(path)

    def _change(self, *parts: tuple[str, Node | None]) -> None:
        change = Change([(*self._place(path), node) for path, node in parts])
        for folder, name, node in change.parts:
            _put(folder.names, name, node)
        self._changes.append(change)

    def _write(self, call: Any, path: str) -> None:
        file = self._find(path)
        if not isinstance(file, File):  # it has no name any more
            return
        if call.name == "ftruncate":
            size = int(call.text.rpartition(",")[2])
            file.data = file.data[:size].ljust(size, b"\0")
        else:
            (data,) = call.strings
            start = int(call.text.rpartition(",")[2]) if call.name == "pwrite64" else len(file.data)
            file.data = file.data[:start].ljust(start, b"\0") + data + file.data[start + len(data) :]

    def _sync(self, _: Any, path: str) -> None:
        node = self._find(path)
        if isinstance(node, File):
            node.sync()
        elif node is not None:
            node.kept = dict(node.names)
            for change in self._changes:
                change.parts = [part for part in change.parts if part[0] is not node]
            self._changes = [change for change in self._changes if change.parts]

    def _set(self, path: str, *, mode: int | None = None, time: int | None = None) -> None:
        file = self._find(path)
        if isinstance(file, File):
            file.facts = (file.facts[0] if mode is None else mode, file.facts[1] if time is None else time)

    def _open(self, call: Any, path: str) -> None:
        file = self._find(path)
        if file is None:
            self._change((path, File()))
        elif isinstance(file, File) and "O_TRUNC" in call.text:
            file.data = b""

    def _make_folder(self, _: Any, path: str) -> None:
        self._change((path, Folder()))

    def _rename(self, _: Any, source: str, target: str) -> None:
        assert self._mine(source) == self._mine(target), (source, target)
        self._change((source, None), (target, self._find(source)))

    def _link(self, _: Any, source: str, target: str) -> None:
        self._change((target, self._find(source)))

    def _unlink(self, _: Any, path: str) -> None:
        self._change((path, None))

    def _chmod(self, call: Any, path: str) -> None:
        self._set(path, mode=int(_MODE.findall(call.text)[-1], 8))

    def _utime(self, call: Any, path: str) -> None:
        _, (seconds, rest) = _TIMES.findall(call.text)
        self._set(path, time=int(seconds) * 10**9 + int(rest))


_WRITE = ("write", "pwrite64", "ftruncate")
_OPEN = (*_WRITE, "writev", "fallocate", "sendfile", "copy_file_range", "fsync", "fdatasync", "fchmod")
"""Calls that name an open file first."""
_DO: dict[str, Callable[..., None]] = {
    **dict.fromkeys(_WRITE, Disk._write),
    **dict.fromkeys(("fsync", "fdatasync"), Disk._sync),
    "openat": Disk._open,
    **dict.fromkeys(("mkdir", "mkdirat"), Disk._make_folder),
    **dict.fromkeys(("rename", "renameat", "renameat2"), Disk._rename),
    **dict.fromkeys(("link", "linkat"), Disk._link),
    **dict.fromkeys(("unlink", "unlinkat", "rmdir"), Disk._unlink),
    **dict.fromkeys(("chmod", "fchmodat", "fchmod"), Disk._chmod),
    "utimensat": Disk._utime,
}


def states(disk: Disk) -> Iterator[State]:
    """What a power cut now may leave: without and with all that was not synced, and with one less or more."""
    losses = disk.losses()
    yield disk.after(losses)
    yield disk.after([])
    for loss in losses:
        yield disk.after([loss])
        yield disk.after([other for other in losses if other is not loss])


def write(state: State, roots: Collection[str]) -> None:
    """Make the folders what they are after a power cut."""
    for root in roots:
        shutil.rmtree(root, ignore_errors=True)
    for path, content in state.items():
        if content is None:
            os.mkdir(path)
            continue
        data, mode, time = content
        Path(path).write_bytes(data)
        os.chmod(path, mode)
        os.utime(path, ns=(time, time))


def _put(names: dict[str, Node], name: str, node: Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _read(path: str) -> Node:
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        file = File(data=Path(path).read_bytes(), facts=(stat.S_IMODE(found.st_mode), found.st_mtime_ns))
        file.sync()
        return file
    names = {name: _read(os.path.join(path, name)) for name in os.listdir(path)}
    return Folder(names=names, kept=dict(names))


def _files(folder: Folder) -> dict[File, None]:
    """The files with a name, now or after a power cut."""
    found: dict[File, None] = {}
    for node in {**dict.fromkeys(folder.names.values()), **dict.fromkeys(folder.kept.values())}:
        found |= {node: None} if isinstance(node, File) else _files(node)
    return found
