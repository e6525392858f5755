"""The photographs of `saccade demo`."""

from collections.abc import Mapping


def make_demo_photos(folder: str) -> Mapping[str, tuple[str, ...]]:
    """Write photographs and edited copies to a folder; {path of a photograph: paths of its edited copies}.

    Raises:
        MissingExtraError: scikit-image, which provides the photographs, is not installed.
        StorageError: the folder cannot be written.
    """
    from saccade.sources import demo

    return demo.make_demo_photos(folder)
