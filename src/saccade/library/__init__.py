"""`open_library`: the one place that picks concrete parts, and the public facade."""

from saccade.library.encoder import ImageEncoder, load_encoder
from saccade.library.facade import Library
from saccade.library.opening import find_library, open_library

__all__ = ["ImageEncoder", "Library", "find_library", "load_encoder", "make_demo_photos", "open_library"]


def make_demo_photos(folder: str) -> dict[str, tuple[str, ...]]:
    """Put photographs and edited copies into a folder; {path of a photograph: paths of its edited copies}.

    Raises:
        MissingExtraError: scikit-image, which brings the photographs, is not installed.
        StorageError: the folder cannot be written.
    """
    from saccade.sources import demo  # noqa: PLC0415, Pillow is not needed to search by words

    return demo.make_demo_photos(folder)
