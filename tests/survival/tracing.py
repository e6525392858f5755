"""What a process asked of the file system, as strace saw it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

HERE = Path(__file__).parent
CALLS = (
    "openat,write,pwrite64,writev,ftruncate,truncate,fallocate,sendfile,copy_file_range,fsync,fdatasync,"
    "rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,chmod,fchmod,fchmodat,utimensat"
)
_LINE = re.compile(r"^(\w+)\((.*)\) += (-?\d+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"(?:AT_FDCWD|\d+)<([^>]*)>")


class Call(NamedTuple):
    """A call that succeeded.

    Attributes:
        files: what its descriptors are open on (of the answer, too), in the order of the arguments.
        strings: names and data, in that order.
        text: all arguments, as strace writes them.
    """

    name: str
    files: list[str]
    strings: list[bytes]
    text: str

    def paths(self) -> list[str]:
        """The names, absolute."""
        folders = self.files if len(self.files) >= len(self.strings) else [""] * len(self.strings)
        return [os.path.join(*pair) for pair in zip(folders, map(os.fsdecode, self.strings), strict=False)]


def traced(job: dict[str, Any], trace: Path) -> None:
    """Run child.py under strace."""
    if shutil.which("strace") is None:
        pytest.skip("the command strace is missing")
    command = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(trace)]
    done = subprocess.run(
        [*command, sys.executable, str(HERE / "child.py")], input=json.dumps(job) + "\n", capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if "ptrace" in done.stderr:
        pytest.skip(f"strace is not allowed here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr


def calls(trace: Path) -> Iterator[Call]:
    """Those that succeeded, in the order in which they ended."""
    waiting: dict[str, str] = {}
    for line in trace.read_text(errors="replace").splitlines():
        pid, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            waiting[pid] = call.removesuffix("<unfinished ...>")
            continue
        if "resumed>" in call:
            call = waiting.pop(pid, "") + call.partition("resumed>")[2]
        match = _LINE.match(call)
        if match is not None and int(match[3]) >= 0:
            yield Call(
                name=match[1],
                files=[
                    _unescaped(path).decode(errors="surrogateescape") for path in _DESCRIPTOR.findall(call)
                ],
                strings=[_unescaped(text) for text in _STRING.findall(match[2])],
                text=match[2],
            )


def _unescaped(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else os.fsencode(text)
