"""Records single files like an indexing run, for use-cases that just changed them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from saccade.core.perceptual import phash
from saccade.core.ports import NewImage, SeenFile
from saccade.core.types import Decoded, DecodeTask, FileEntry
from saccade.engine.context import LibraryContext


def read_again(context: LibraryContext, paths: Sequence[str]) -> Mapping[str, Decoded]:
    """{path: the picture now in the file}, by the encoder's recipe; unreadable files are left out."""
    recipe = context.spaces.encoder().info.recipe
    with context.open_decoder(recipe) as decoder:
        outcomes = decoder.decode(DecodeTask(path=path) for path in paths)
        return {
            path: outcome
            for path, outcome in zip(paths, outcomes, strict=True)
            if isinstance(outcome, Decoded)
        }


def embedded(context: LibraryContext, pictures: Sequence[Decoded]) -> list[NewImage]:
    """The pictures with their embeddings in every active space."""
    if not pictures:
        return []
    encoder = context.spaces.encoder()
    spaces = {reader.space.role: reader.space.id for reader in context.spaces.readers()}
    rows = encoder.encode_pixels(np.stack([picture.pixels for picture in pictures]))
    return [
        NewImage(
            sha256=picture.sha256,
            info=picture.info,
            embeddings={space: rows[role][number] for role, space in spaces.items()},
        )
        for number, picture in enumerate(pictures)
    ]


def record(
    context: LibraryContext, pictures: Mapping[str, Decoded], images: Sequence[NewImage]
) -> dict[str, int]:
    """{path: image id} of files that now contain these pictures. Call it inside a unit of work.

    Args:
        images: `embedded(context, list(pictures.values()))`, computed before the unit began; at least one.
    """
    catalog = context.catalog
    run = catalog.runs.start("record")
    found: dict[str, int] = {}
    for (path, picture), image in zip(pictures.items(), images, strict=True):
        folder, _ = catalog.files.ensure_folder(path)
        assert picture.stamp is not None
        seen = SeenFile(entry=FileEntry(path=path, stamp=picture.stamp), image=image)
        (number,) = catalog.files.record(run, folder, [seen])
        if number is not None:
            found[path] = number
    hashes = phash(np.stack([picture.pixels for picture in pictures.values()]))
    by_path = dict(zip(pictures, hashes.tolist(), strict=True))
    catalog.hashes.save({number: by_path[path] for path, number in found.items()})
    catalog.runs.finish(run, {"files": len(found)})
    return found


def inherit(context: LibraryContext, heirs: Mapping[int, int]) -> None:
    """Copy tags, fields and feedback from other images. Call it inside a unit of work.

    Args:
        heirs: {new image id: image id it takes over from}.
    """
    catalog = context.catalog
    old = sorted(set(heirs.values()))
    tags, fields = catalog.tags.of(old), catalog.columns.of(old)
    origins = {column.name: column.origin for column in catalog.columns.all()}
    for new, before in heirs.items():
        one = np.array([new], np.int64)
        for tag in tags.get(before, ()):
            catalog.tags.write(tag.origin, {tag.label: (one, np.array([tag.score]))}, replace=False)
        for name, value in fields.get(before, {}).items():
            values: Mapping[int, float] | Mapping[int, str]
            values = {new: value} if isinstance(value, str) else {new: float(value)}
            catalog.columns.write(name, values, origin=origins[name], replace=False)
    successors: dict[int, list[int]] = {}
    for new, before in heirs.items():
        successors.setdefault(before, []).append(new)
    events = [
        replace(event, image=new)
        for event in catalog.feedback.events()
        if event.image in successors
        for new in successors[event.image]
    ]
    if events:
        catalog.feedback.add(events)
