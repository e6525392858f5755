"""Which file and member a path means, as the disk has it."""

import os

from saccade.core import paths


def locate(path: str) -> tuple[str, str]:
    """(file, member) of a path as people see it: the first reading whose file is there.

    A path that leads nowhere is split at its first "!/": then the archive is what is missing.
    """
    readings = list(paths.splits(path))
    for file, member in readings:
        if os.path.isfile(file) if member else os.path.lexists(file):
            return file, member
    return readings[1] if len(readings) > 1 else readings[0]
