"""`open_library`: the one place that picks concrete parts, and the public facade."""

from saccade.library.encoder import ImageEncoder, load_encoder
from saccade.library.facade import Library
from saccade.library.opening import find_library, open_library
from saccade.sources.demo import make_demo_photos

__all__ = ["ImageEncoder", "Library", "find_library", "load_encoder", "make_demo_photos", "open_library"]
