"""Forgets images and folders: in no answer from the first step on, and nowhere on the disk after the last."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from glob import escape, glob

import numpy as np

from saccade.core.errors import ImageNotFoundError
from saccade.core.pictures import ImageId, Path
from saccade.core.ports.decoders import ReportProgress
from saccade.core.status import ForgetReport
from saccade.core.types import Ids, Progress
from saccade.engine.context import LibraryContext
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
    return _report(found.images, found.files, found.folders, copies=_copies(context), done=False)


def forget(
    context: LibraryContext, targets: Targets, commit: ReportProgress, erase: Callable[[Ids], None]
) -> ForgetReport:
    """Erase images, and stop indexing folders, with the images found nowhere else.

    The caller holds the write lock.

    Args:
        commit: called once, just before anything is erased; where it raises, nothing was changed.
        erase: takes these ids out of everything that is derived from the catalog.
    """
    commit(Progress(stage="forget", done=0, total=None))
    with context.catalog.unit("forgetting images"):
        gone = context.catalog.erasing.forget(targets.images, targets.places)
        for place in targets.places:
            drop(context.catalog, place)
    copies = _copies(context)
    finish(context, erase)
    return _report(gone.images, gone.files, gone.folders, copies=copies, done=True)


def finish(context: LibraryContext, erase: Callable[[Ids], None]) -> None:
    """Carry forgetting to its end, if it was begun; the caller holds the write lock."""
    catalog = context.catalog
    forgotten = catalog.erasing.pending()
    if not len(forgotten):
        return
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


def targets_of(context: LibraryContext, targets: Sequence[Path | ImageId]) -> Targets:
    """Images, by file or id; folders and archives, present or not.

    Raises:
        ImageNotFoundError: the library does not know one.
    """
    ids: list[int] = []
    places: list[str] = []
    none = np.zeros(0, np.int64)
    for target in targets:
        if isinstance(target, ImageId):
            ids.append(context.catalog.images.by_sha256(target).id)
            continue
        (path,) = absolute([target])
        record = context.catalog.images.by_path(path)
        if record is not None:
            ids.append(record.id)
        elif context.catalog.erasing.plan(none, [path]).files or _is_folder(context, path):
            places.append(path)
        else:
            raise ImageNotFoundError(
                f"the library does not know {path}", hint="saccade status lists the folders it indexes"
            )
    return Targets(images=np.unique(np.array(ids, np.int64)), places=places)


def _is_folder(context: LibraryContext, path: str) -> bool:
    return any(folder.path == path for folder in context.catalog.files.folders())


def _copies(context: LibraryContext) -> tuple[str, ...]:
    """Copies of the catalog that upgrades made."""
    return tuple(sorted(glob(os.path.join(escape(context.folder), "catalog.db.before-*"))))


def _report(images: int, files: int, folders: int, *, copies: tuple[str, ...], done: bool) -> ForgetReport:
    return ForgetReport(images=images, files=files, folders=folders, copies=copies, done=done)
