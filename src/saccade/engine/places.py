"""Resolves a path to a file and archive member on disk, where the text alone may mean several."""

import os

from saccade.core import paths


def lies_in(path: str, folder: str) -> bool:
    """Whether a file is in a folder or an archive; a folder "best!" is no part of a folder "best"."""
    if paths.relative(path, folder) is not None:
        return True
    return paths.holds(folder, path) and locate(path)[0] == folder


def locate(path: str) -> tuple[str, str]:
    """(file, member) of a displayed path: the first interpretation whose file exists.

    A path that does not exist is split at its first "!/": then the archive is reported as missing.
    """
    readings = list(paths.splits(path))
    for file, member in readings:
        if os.path.isfile(file) if member else os.path.lexists(file):
            return file, member
    return readings[1] if len(readings) > 1 else readings[0]
