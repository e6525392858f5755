"""saccade: search any pile of images by words or by picture.

    import saccade
    with saccade.open_library("photos") as lib:
        lib.index("photos")
        for hit in lib.search("a dog on the beach"):
            print(hit.score, hit.path)

Everything public stands here; it is loaded when first used, so that `import saccade` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from saccade.core.errors import SaccadeError as SaccadeError
    from saccade.core.types import Failure as Failure
    from saccade.core.types import Hit as Hit
    from saccade.core.types import IndexReport as IndexReport
    from saccade.core.types import Progress as Progress
    from saccade.core.types import SearchResult as SearchResult
    from saccade.library import ImageEncoder as ImageEncoder
    from saccade.library import Library as Library
    from saccade.library import load_encoder as load_encoder
    from saccade.library import open_library as open_library

__version__ = "0.2.0"

_HOME = {
    "SaccadeError": "saccade.core.errors",
    "Failure": "saccade.core.types",
    "Hit": "saccade.core.types",
    "IndexReport": "saccade.core.types",
    "Progress": "saccade.core.types",
    "SearchResult": "saccade.core.types",
    "ImageEncoder": "saccade.library",
    "Library": "saccade.library",
    "load_encoder": "saccade.library",
    "open_library": "saccade.library",
}
__all__ = ["__version__", *_HOME]  # noqa: PLE0604, every name is one of _HOME's


def __getattr__(name: str) -> object:
    """A public name, from where it lives."""
    if name not in _HOME:
        raise AttributeError(f"module 'saccade' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
