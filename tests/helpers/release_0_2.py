"""The stored library of release 0.2, unpacked for a test."""

import tarfile
from pathlib import Path

_ARCHIVE = Path(__file__).parents[1] / "data" / "library-0.2.tar.xz"


def unpack(place: Path) -> Path:
    """Its folder, in `place`, which is there."""
    with tarfile.open(_ARCHIVE) as archive:
        # The argument `filter` came with Python 3.11.4; as an attribute, earlier ones pass over it.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(place)
    return place
