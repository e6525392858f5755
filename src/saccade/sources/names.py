"""Classifies names (hidden, system, archive), and makes hidden ones."""

import hashlib
import os

SYSTEM_FOLDERS = frozenset(
    {"@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found", "__macosx",
     "node_modules", "__pycache__", "found.000", "recycler"}
)  # fmt: skip
"""Folders of systems and tools, in lower case."""

_ARCHIVE_SUFFIXES = (
    ".zip", ".cbz", ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".cbt", ".tar.gz", ".tar.bz2", ".tar.xz",
)  # fmt: skip


def is_archive_name(name: str) -> bool:
    """Whether a file of this name or path is a zip or tar archive to list."""
    return name[-8:].lower().endswith(_ARCHIVE_SUFFIXES)


def is_hidden_member(name: str) -> bool:
    """Whether any part of an archive member's path is hidden or a system name."""
    return any(
        part.startswith(".") or part.lower() in SYSTEM_FOLDERS
        for part in name.split("/")
        if part not in {".", ".."}
    )


def hidden_beside(path: str, ending: str) -> str:
    """A name next to `path` for a file that indexing ignores, of at most 17 characters and the ending."""
    name = hashlib.sha256(os.fsencode(os.path.basename(path))).hexdigest()[:16]
    return os.path.join(os.path.dirname(path), f".{name}{ending}")
