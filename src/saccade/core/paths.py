"""Path syntax: FOLDER/FILE, ARCHIVE!/MEMBER, and which path is below which. Text only, no disk access."""

from collections.abc import Iterator

SEPARATOR = "/"
MEMBER = "!/"
"""Between an archive's path and the name of a picture in it."""


def join(file: str, member: str = "") -> str:
    """The path people see: the file itself, or "ARCHIVE!/MEMBER"."""
    return f"{file}{MEMBER}{member}" if member else file


def splits(path: str) -> Iterator[tuple[str, str]]:
    """Every (file, member) that a path may mean, the likeliest first: the whole path as a file.

    A folder may be called "best!", so "best!/a.zip!/b.jpg" can be split in two places. Only the disk can tell
    which one is meant: take the first whose file exists (`saccade.engine.places.locate`).
    """
    yield path, ""
    start = path.find(MEMBER)
    while start >= 0:
        file, member = path[:start], path[start + len(MEMBER) :]
        if file and member:
            yield file, member
        start = path.find(MEMBER, start + 1)


def relative(path: str, folder: str) -> str | None:
    """`path` relative to `folder` ("" = itself), None if it is not inside; both absolute, or both relative.

    A relative `folder` of "" contains every relative path.
    """
    if path == folder:
        return ""
    if not folder:
        return path
    prefix = folder if folder.endswith(SEPARATOR) else folder + SEPARATOR
    return path[len(prefix) :] if path.startswith(prefix) else None


def holds(folder: str, path: str) -> bool:
    """Whether `path` is the folder (or archive), or anywhere in it."""
    return relative(path, folder) is not None or path.startswith(folder + MEMBER)


def below(folder: str, rest: str) -> str:
    """The inverse of `relative`: the absolute path; a member of an archive keeps its "!/"."""
    if not rest:
        return folder
    return folder + rest if folder.endswith(SEPARATOR) else folder + SEPARATOR + rest


def name(path: str) -> str:
    """The last part: the file's name, or that of a member inside its archive."""
    return path.rpartition(SEPARATOR)[2]
