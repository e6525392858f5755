"""The manifest of files with tags written into them: every change of a file's bytes, one JSON object a line.

A change is on the disk before its file is touched, and again, marked as recorded, once the catalog knows the
new bytes. The manifest is in the library's folder, which anyone may have written: a line only counts if it
has the right form, and what it asks for is checked against the files themselves before anything is done.
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from saccade.core import paths
from saccade.engine.context import ORIGINALS, LibraryContext

_NAME = "written.jsonl"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a file's bytes.

    Attributes:
        path: the file, without symbolic links.
        old, new: SHA-256 of its bytes before and after, hexadecimal.
    """

    path: str
    old: str
    new: str


@dataclass(slots=True, kw_only=True)
class _Lines:
    """What the manifest says.

    Attributes:
        before: {path: {digest after tags were written: digest before}}.
        pending: {path: its last change, if the catalog may not know it}.
        home: where the library was when the last line was written.
        torn: whether a crash cut off the last line.
    """

    before: dict[str, dict[str, str]] = field(default_factory=dict)
    pending: dict[str, Change] = field(default_factory=dict)
    home: str | None = None
    torn: bool = False


class Manifest:
    """The manifest of one library. Hold the library's write lock while you add to it."""

    def __init__(self, context: LibraryContext) -> None:
        self._tools = context.tools
        self.folder = os.path.join(context.folder, ORIGINALS)
        self._path = os.path.join(self.folder, _NAME)
        self._home = os.path.realpath(os.path.dirname(context.folder))
        self._made = False
        self._lines = self._read()

    @property
    def paths(self) -> Sequence[str]:
        """Every file that tags were written into, in the order of the first time."""
        return list(self._lines.before)

    @property
    def pending(self) -> Sequence[Change]:
        """The last change of each file, if the catalog may not know it."""
        return list(self._lines.pending.values())

    def original(self, path: str, digest: str) -> str | None:
        """Digest of the bytes that a file had before tags were written; None if these bytes are not ours.

        Tags may have been written several times: the answer is what was there before the first of them, but
        not before a change by someone else.
        """
        before = self._lines.before.get(path, {})
        seen: set[str] = set()
        while digest in before and digest not in seen:
            seen.add(digest)
            digest = before[digest]
        return digest if seen else None

    def is_original(self, path: str, digest: str) -> bool:
        """Whether a file had these bytes before tags were written into it."""
        return digest in self._lines.before.get(path, {}).values()

    def make_folder(self) -> None:
        """Make the folder of the manifest and of the originals; durable when this returns."""
        if not self._made:
            os.makedirs(self.folder, exist_ok=True)
            self._tools.quarantine.sync_folders([self.folder])
            self._made = True

    def announce(self, change: Change, *, restored: bool = False) -> None:
        """Note a change that is about to happen; durable when this returns.

        Args:
            restored: the original is put back.
        """
        self.make_folder()
        self._add([_line(change, mark="restored" if restored else "")])
        self._lines.pending[change.path] = change
        if not restored:
            self._lines.before.setdefault(change.path, {})[change.new] = change.old

    def recorded(self, changes: Sequence[Change]) -> None:
        """Note that the catalog knows these changes."""
        if changes:
            self._add([_line(change, mark="recorded") for change in changes])
        for change in changes:
            self._lines.pending.pop(change.path, None)

    def _add(self, lines: Sequence[dict[str, str | bool]]) -> None:
        if self._lines.home != self._home:
            lines = [{"home": self._home}, *lines]
        text = "\n".join(json.dumps(line) for line in lines)
        self._tools.append_line(self._path, f"\n{text}" if self._lines.torn else text)
        self._lines.home, self._lines.torn = self._home, False

    def _read(self) -> _Lines:
        found = _Lines()
        try:
            with open(self._path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return found
        found.torn = not content.endswith(b"\n")
        for text in content.splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue  # cut off by a crash
            if isinstance(line, dict):
                self._take(found, line)
        return found

    def _take(self, found: _Lines, line: dict[str, object]) -> None:
        home = line.get("home")
        if isinstance(home, str):
            found.home = home
            return
        change = _change(line)
        if change is None:
            return
        if found.home is not None and found.home != self._home:
            inside = paths.relative(change.path, found.home)
            if inside:  # the library was moved, with its files
                moved = paths.below(self._home, inside)
                change = Change(path=moved, old=change.old, new=change.new)
        if line.get("recorded"):
            if found.pending.get(change.path) == change:
                del found.pending[change.path]
            return
        if found.home is not None:  # release 0.2 wrote no such line, and no marks
            found.pending[change.path] = change
        if not line.get("restored"):
            found.before.setdefault(change.path, {})[change.new] = change.old


def _line(change: Change, *, mark: str) -> dict[str, str | bool]:
    line: dict[str, str | bool] = {"path": change.path, "old": change.old, "new": change.new}
    return {**line, mark: True} if mark else line


def _change(line: dict[str, object]) -> Change | None:
    """The change of a line; None if it has another form."""
    path, old, new = line.get("path"), line.get("old"), line.get("new")
    if not isinstance(path, str) or not isinstance(old, str) or not isinstance(new, str):
        return None
    if "\0" in path or not os.path.isabs(path) or not _DIGEST.fullmatch(old) or not _DIGEST.fullmatch(new):
        return None
    return Change(path=path, old=old, new=new)
