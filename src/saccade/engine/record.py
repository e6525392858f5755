"""Records files that a use-case has just rewritten; new images inherit what is known about the old."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from saccade.core.decoding import Decoded, DecodeTask, FileEntry
from saccade.core.perceptual import phash
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.files import SeenFile
from saccade.core.ports.images import NewImage
from saccade.core.types import Embeddings, PixelRecipe
from saccade.engine.context import LibraryContext
from saccade.engine.rehash import shows_all


@dataclass(slots=True, kw_only=True)
class _Picture:
    """What a file contains now: decoded by the first encoder's recipe, and {space id: its embedding}."""

    decoded: Decoded
    embeddings: dict[int, Embeddings] = field(default_factory=dict)


def record_changed(context: LibraryContext, files: Mapping[str, int], doing: str) -> set[str]:
    """Record files with new bytes; each new image inherits tags, fields and feedback of the one before.

    Takes the library's write lock; one unit of work. All pictures are decoded and embedded before it begins,
    and are in memory together: call it for some hundred files at a time.

    Args:
        files: {path: id of the image it contained before}.
        doing: completes "process 123 is ...".
    Returns:
        the paths recorded; unreadable files are left to the next indexing run.
    """
    pictures = _pictures(context, list(files))
    if not pictures:
        return set()
    catalog = context.catalog
    whole = shows_all(context.spaces.encoders()[0].info.recipe)
    pixels = [one.decoded.pixels for one in pictures.values()] if whole else []
    hashes = phash(np.stack(pixels)).tolist() if whole else []
    with catalog.unit(doing):
        absent = _absent(catalog, pictures)
        run = catalog.runs.start("record")
        now = _record(catalog, run, pictures)
        catalog.hashes.save({now[path]: value for path, value in zip(pictures, hashes, strict=whole)})
        catalog.runs.finish(run, {"files": len(now)})
        heirs = {image: files[path] for path, image in now.items() if image != files[path]}
        _inherit(catalog, heirs, absent)
    return set(now)


def _pictures(context: LibraryContext, paths: Sequence[str]) -> dict[str, _Picture]:
    """{path: the picture now in the file}, embedded by every encoder in use."""
    found: dict[str, _Picture] = {}
    for number, encoder in enumerate(context.spaces.encoders()):
        decoded = _decoded(context, paths, encoder.info.recipe)
        if number == 0:
            found = {path: _Picture(decoded=one) for path, one in decoded.items()}
        # A file that changed between two encoders is left to the next indexing run.
        found = {
            path: one
            for path, one in found.items()
            if path in decoded and decoded[path].sha256 == one.decoded.sha256
        }
        if not found:
            break
        rows = encoder.encode_pixels(np.stack([decoded[path].pixels for path in found]))
        for role in encoder.info.dims:
            space = context.spaces.reader(role).space
            if encoder.info.makes(space.fingerprint):
                for place, one in enumerate(found.values()):
                    one.embeddings[space.id] = rows[role][place]
    return found


def _decoded(context: LibraryContext, paths: Sequence[str], recipe: PixelRecipe) -> dict[str, Decoded]:
    """The pictures of those files that can be read."""
    with context.open_decoder(recipe) as decoder:
        outcomes = decoder.decode(DecodeTask(path=path) for path in paths)
        return {
            path: outcome
            for path, outcome in zip(paths, outcomes, strict=True)
            if isinstance(outcome, Decoded)
        }


def _record(catalog: Catalog, run: int, pictures: Mapping[str, _Picture]) -> dict[str, int]:
    """{path: image it contains now}."""
    found: dict[str, int] = {}
    for path, one in pictures.items():
        folder, _ = catalog.files.ensure_folder(path)
        assert one.decoded.stamp is not None
        image = NewImage(sha256=one.decoded.sha256, info=one.decoded.info, embeddings=one.embeddings)
        seen = SeenFile(entry=FileEntry(path=path, stamp=one.decoded.stamp), image=image)
        (number,) = catalog.files.record(run, folder, [seen])
        assert number is not None
        found[path] = number
    return found


def _absent(catalog: Catalog, pictures: Mapping[str, _Picture]) -> set[int]:
    """Those of the images that the catalog knows already, without a file present."""
    digests = list({one.decoded.sha256 for one in pictures.values()})
    known = catalog.images.get(list(catalog.images.find(digests, []).values()))
    return {record.id for record in known if not record.paths}


def _inherit(catalog: Catalog, heirs: Mapping[int, int], absent: set[int]) -> None:
    """Give images what is known about others.

    Args:
        heirs: {image: the one it inherits from}.
        absent: images that had no file: tags they have from an earlier time, and their forebear lacks, go.
    """
    if not heirs:
        return
    _inherit_tags(catalog, heirs, absent)
    _inherit_fields(catalog, heirs)
    successors: dict[int, list[int]] = {}
    for heir, forebear in heirs.items():
        successors.setdefault(forebear, []).append(heir)
    _inherit_feedback(catalog, successors)
    _inherit_verdicts(catalog, successors)


def _inherit_tags(catalog: Catalog, heirs: Mapping[int, int], absent: set[int]) -> None:
    tags = catalog.tags.of(sorted({*heirs.values(), *(absent & set(heirs))}))
    for heir, forebear in heirs.items():
        one = np.array([heir], np.int64)
        wanted = {(tag.origin, tag.label) for tag in tags.get(forebear, ())}
        for tag in tags.get(heir, ()) if heir in absent else ():
            if (tag.origin, tag.label) not in wanted:
                catalog.tags.remove(tag.origin, tag.label, one)
        for tag in tags.get(forebear, ()):
            catalog.tags.write(tag.origin, {tag.label: (one, np.array([tag.score]))}, replace=False)


def _inherit_fields(catalog: Catalog, heirs: Mapping[int, int]) -> None:
    fields = catalog.columns.of(sorted(set(heirs.values())))
    origins = {column.name: column.origin for column in catalog.columns.all()}
    for heir, forebear in heirs.items():
        for name, value in fields.get(forebear, {}).items():
            values: Mapping[int, float] | Mapping[int, str]
            values = {heir: value} if isinstance(value, str) else {heir: float(value)}
            catalog.columns.write(name, values, origin=origins[name], replace=False)


def _inherit_feedback(catalog: Catalog, successors: Mapping[int, Sequence[int]]) -> None:
    """Events, and the sets (orders, outfits) that an image occurs in."""
    events = [
        replace(event, image=heir)
        for event in catalog.feedback.events()
        for heir in successors.get(event.image, ())
    ]
    if events:
        catalog.feedback.add(events)
    sets: dict[str, list[int]] = {}
    for name, images in catalog.feedback.sets().items():
        more = [heir for image in images for heir in successors.get(image, ())]
        if more:
            sets[name] = more
    if sets:
        catalog.feedback.add_sets(sets)


def _inherit_verdicts(catalog: Catalog, successors: Mapping[int, Sequence[int]]) -> None:
    """Pairs that a person marked as distinct."""
    pairs = {
        (min(a, b), max(a, b))
        for one, other in catalog.pairs.distinct().tolist()
        if one in successors or other in successors
        for a in (one, *successors.get(one, ()))
        for b in (other, *successors.get(other, ()))
        if a != b
    }
    if pairs:
        catalog.pairs.set_distinct(sorted(pairs))
