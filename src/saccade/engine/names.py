"""What a word that a person typed names. Imports nothing heavy: the commands need it before any work."""

import os

from saccade.core.errors import InvalidQueryError
from saccade.core.pictures import ImageId, Path


def named_image(name: str) -> Path | ImageId:
    """What a word on a command line means: a file if there is one, else an id if it looks like one."""
    if os.path.lexists(name):
        return name
    try:
        return ImageId(name)
    except InvalidQueryError:
        return name
