"""Where libraries are: `.saccade` in the folder, found upward like git, or in the user's data folder."""

import errno
import hashlib
import os
from pathlib import Path as Place

from platformdirs import user_data_path

from saccade.catalog import storage_error
from saccade.core.errors import LibraryNotFoundError, PathNotFoundError
from saccade.core.pictures import Path
from saccade.core.ports.decoders import ReportProgress
from saccade.core.settings import Settings
from saccade.library.context import open_parts
from saccade.library.library import Library
from saccade.library.settings import load_settings

FOLDER = ".saccade"
_CATALOG = "catalog.db"
_VARIABLE = "SACCADE_LIBRARY"
_NO_WRITING = (errno.EACCES, errno.EPERM, errno.EROFS)


def find_library(start: Path) -> str | None:
    """The nearest folder with a library, at or above `start`, like git; None if there is none."""
    place = os.path.abspath(os.fspath(start))
    while True:
        if _existing(place) is not None:
            return place
        above = os.path.dirname(place)
        if above == place:
            return None
        place = above


def open_library(
    path: Path | None = None,
    *,
    create: bool = True,
    settings: Settings | None = None,
    progress: ReportProgress | None = None,
) -> Library:
    """Open the library of a folder; one made by an older release is upgraded, and its catalog copied first.

    Args:
        path: a folder with a library (or to get one), or a library's own folder. Default: the environment
            variable SACCADE_LIBRARY, else the nearest library at or above the current folder.
        create: create PATH/.saccade if there is none; for a read-only folder, in the user's data folder.
        settings: resource limits; None to use the environment and saccade.toml.
        progress: called while an older library is upgraded.
    Raises:
        PathNotFoundError: the folder does not exist.
        LibraryNotFoundError: there is no library, and `create` is false.
        LibraryTooNewError, CorruptLibraryError, StorageError: it cannot be used.
    """
    named = os.fspath(path) if path is not None else os.environ.get(_VARIABLE) or find_library(os.curdir)
    home = os.path.abspath(named or os.curdir)
    if not os.path.isdir(home):
        raise PathNotFoundError(f"no such folder: {home}", hint="check the spelling")
    folder = _existing(home)
    if folder is None and not create:
        raise LibraryNotFoundError(
            f"no library in {home}" + ("" if named else " or above it"),
            hint=f"create one with: saccade index {home}",
        )
    fresh = folder is None
    if folder is None:
        folder = _new_folder(home)
    home = os.path.dirname(folder) if os.path.basename(folder) == FOLDER else folder
    read_only = not os.access(folder, os.W_OK)  # write-protected; searching still works
    return Library(
        open_parts(
            folder,
            home=home,
            create=fresh,
            read_only=read_only,
            settings=settings or load_settings(),
            progress=progress,
        )
    )


def _existing(home: str) -> str | None:
    """The library's own folder for `home`, if there is one; `home` may be that folder itself."""
    inside = home if os.path.basename(home) == FOLDER else os.path.join(home, FOLDER)
    for folder in (inside, _user_folder(home)):
        if os.path.isfile(os.path.join(folder, _CATALOG)):
            return folder
    return None


def _new_folder(home: str) -> str:
    """A folder for a new library: in `home`, or in the user's data folder if `home` cannot be written."""
    folder = home if os.path.basename(home) == FOLDER else os.path.join(home, FOLDER)
    try:
        os.makedirs(folder, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError as error:
        if error.errno not in _NO_WRITING:
            raise storage_error(error, Place(folder)) from error
    folder = _user_folder(home)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise storage_error(error, Place(folder)) from error
    return folder


def _user_folder(home: str) -> str:
    """Where the library of a read-only folder is; its name shows people which folder it is for."""
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    name = os.path.basename(home).lstrip(".") or "root"
    return str(user_data_path("saccade", appauthor=False) / "libraries" / f"{name[:40]}-{digest}")
