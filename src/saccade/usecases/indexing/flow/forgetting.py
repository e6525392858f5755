"""Forgets images and folders: in no answer from the first step on, and nowhere on the disk after the last."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from glob import escape, glob

import numpy as np

from saccade.core.errors import ImageNotFoundError
from saccade.core.pictures import ImageId, Path
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.erasing import Leaving
from saccade.core.status import ForgetReport
from saccade.core.types import Ids, Progress
from saccade.engine.context import ORIGINALS, LibraryContext
from saccade.engine.inputs import absolute
from saccade.engine.scopes import drop
from saccade.engine.space import open_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What to forget: ids of images, and paths of folders and archives."""

    images: Ids
    places: Sequence[str]


def plan(context: LibraryContext, targets: Targets) -> ForgetReport:
    """What `forget` would erase. Changes nothing."""
    found = context.catalog.erasing.plan(targets.images, targets.places)
    return _report(context, found, copies=_copies(context), resumed=False, done=False)


def forget(
    context: LibraryContext, targets: Targets, commit: ReportProgress, erase: Callable[[Ids], None]
) -> ForgetReport:
    """Erase images, and stop indexing folders, with the images found nowhere else.

    First finishes what an interrupted forgetting had begun. The caller holds the write lock.

    Args:
        commit: called once, just before anything is erased; where it raises, nothing was changed.
        erase: takes these ids out of everything that is derived from the catalog.
    """
    commit(Progress(stage="forget", done=0, total=None))
    resumed = finish(context, erase)
    with context.catalog.unit("forgetting images"):
        gone = context.catalog.erasing.forget(targets.images, targets.places)
        for place in targets.places:
            drop(context.catalog, place)
    copies = _copies(context)
    finish(context, erase)
    return _report(context, gone, copies=copies, resumed=resumed, done=True)


def finish(context: LibraryContext, erase: Callable[[Ids], None]) -> bool:
    """Carry forgetting to its end; whether any was begun. The caller holds the write lock."""
    catalog = context.catalog
    forgotten = catalog.erasing.pending()
    if not len(forgotten):
        return False
    for copy in _copies(context):
        os.unlink(copy)
    for space in catalog.spaces.all():
        # An index of another catalog has other images under the same ids. The two can be compared only as
        # long as the catalog holds the last row of the index.
        index = open_index(catalog, context.indexes, space)
        if index is None:
            context.indexes.remove(space)
        else:
            index.close()
    catalog.erasing.wipe()
    held = catalog.health.counts().embeddings
    for space in catalog.spaces.all():
        if not space.active or not held.get(space.id):
            context.indexes.remove(space)
    erase(forgotten)
    catalog.erasing.purged()
    return True


def targets_of(context: LibraryContext, targets: Sequence[Path | ImageId]) -> Targets:
    """Images, by file or id; folders and archives, present or not.

    If forgetting was interrupted, a target that is not known is taken for one that is already erased: the
    same command, given again, finishes it.

    Raises:
        ImageNotFoundError: the library does not know one.
    """
    ids: list[int] = []
    places: list[str] = []
    begun = context.catalog.erasing.pending()
    for target in targets:
        try:
            if isinstance(target, ImageId):
                ids.append(context.catalog.images.by_sha256(target).id)
            else:
                (path,) = absolute([target])
                ids += _image_at(context, path)
                places.append(path)
        except ImageNotFoundError:
            if not len(begun):
                raise
    return Targets(images=np.setdiff1d(np.array(ids, np.int64), begun), places=places)


def _image_at(context: LibraryContext, path: str) -> list[int]:
    """The image of a file; none for another place that the library knows. Raises ImageNotFoundError."""
    record = context.catalog.images.by_path(path)
    if record is not None:
        return [record.id]
    found = context.catalog.erasing.plan(np.zeros(0, np.int64), [path])
    if not (found.files or found.images or _is_folder(context, path)):
        raise ImageNotFoundError(
            f"the library does not know {path}", hint="saccade status lists the folders it indexes"
        )
    return []


def _is_folder(context: LibraryContext, path: str) -> bool:
    return any(folder.path == path for folder in context.catalog.files.folders())


def _copies(context: LibraryContext) -> tuple[str, ...]:
    """Copies of the catalog that upgrades made."""
    return tuple(sorted(glob(os.path.join(escape(context.folder), "catalog.db.before-*"))))


def _report(
    context: LibraryContext, leaving: Leaving, *, copies: tuple[str, ...], resumed: bool, done: bool
) -> ForgetReport:
    originals = os.path.join(context.folder, ORIGINALS)
    return ForgetReport(
        images=leaving.images,
        files=leaving.files,
        folders=leaving.folders,
        copies=copies,
        originals=originals if os.path.isdir(originals) else None,
        resumed=resumed,
        done=done,
    )
