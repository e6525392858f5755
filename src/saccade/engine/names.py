"""Resolves a word typed by a person. Imports nothing heavy: the commands need it at startup."""

import os

from saccade.core.errors import InvalidQueryError
from saccade.core.pictures import ImageId, Path


def named_image(name: str) -> Path | ImageId:
    """The meaning of a word on a command line: a file if it exists, else an id if it looks like one."""
    if os.path.lexists(name):
        return name
    try:
        return ImageId(name)
    except InvalidQueryError:
        return name
