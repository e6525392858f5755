"""`open_library` and `load_encoder`: the only place that chooses concrete parts."""

from saccade.library.encoder import ImageEncoder, load_encoder
from saccade.library.library import Library
from saccade.library.opening import find_library, open_library

__all__ = ["ImageEncoder", "Library", "find_library", "load_encoder", "open_library"]
