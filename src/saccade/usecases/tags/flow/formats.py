"""Tags for other programs: CSV, Hugging Face's imagefolder, COCO. Yields bytes in parts."""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from saccade.core.paths import relative
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.stores import Tag
from saccade.core.types import Failure, Ids, ImageRecord
from saccade.engine.surviving import surviving

_AT_ONCE = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedImage:
    """An image with a file present, and its tags, each label once, most confident first."""

    record: ImageRecord
    tags: tuple[Tag, ...]


def tagged_ids(catalog: Catalog, among: Ids | None) -> Ids:
    """Sorted ids of present images (among sorted ids) that have a label."""
    found = [catalog.tags.with_label(label)[0] for label in catalog.tags.labels()]
    ids = np.unique(np.concatenate([np.zeros(0, np.int64), *found]))
    return ids if among is None else np.intersect1d(ids, among)


def tagged_images(catalog: Catalog, ids: Ids) -> Iterator[TaggedImage]:
    """The images with these ids that have a label, with their labels; without those erased meanwhile."""
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE].tolist()
        tags = catalog.tags.of(part)
        for record in surviving(catalog, part):
            by_label: dict[str, Tag] = {}
            for tag in tags.get(record.id, ()):
                by_label.setdefault(tag.label, tag)
            if record.paths and by_label:
                yield TaggedImage(record=record, tags=tuple(by_label.values()))


def csv_parts(images: Iterable[TaggedImage]) -> Iterator[bytes]:
    """A table with a row for each tag: path, label, origin, score."""
    rows = _Rows()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(["path", "label", "origin", "score"])
    for one in images:
        for tag in one.tags:
            writer.writerow([one.record.paths[0], tag.label, tag.origin, f"{tag.score:.4f}"])
        yield rows.take()
    yield rows.take()


def hf_parts(images: Iterable[TaggedImage], folder: str, skipped: list[Failure]) -> Iterator[bytes]:
    """Lines of `metadata.jsonl`: file_name (from its own folder) and tags; other images are skipped."""
    for one in images:
        inside = [path for path in one.record.paths if relative(path, folder)]
        if not inside:
            skipped.append(
                Failure(path=one.record.paths[0], code="outside", reason=f"it is not below {folder}")
            )
            continue
        name = os.path.relpath(inside[0], folder)
        tags = [tag.label for tag in one.tags]
        yield (json.dumps({"file_name": name, "tags": tags}, ensure_ascii=True) + "\n").encode()


def coco_parts(images: Iterable[TaggedImage], labels: Sequence[str]) -> Iterator[bytes]:
    """COCO's JSON: a category for each label, and annotations whose box is the whole picture.

    The hierarchy goes into `supercategory`, the confidence into `score`.
    """
    numbers: Mapping[str, int] = {label: number for number, label in enumerate(sorted(labels), 1)}
    categories = [
        {"id": number, "name": label, "supercategory": label.rpartition("/")[0]}
        for label, number in numbers.items()
    ]
    yield b'{"info": {"description": "tags of whole images, exported by saccade"}, "licenses": [],\n'
    yield b'"categories": ' + json.dumps(categories).encode() + b',\n"images": ['
    annotations: list[tuple[int, int, float, int, int]] = []
    for place, one in enumerate(images):
        record = one.record
        image = {
            "id": record.id,
            "file_name": record.paths[0],
            "width": record.info.width,
            "height": record.info.height,
        }
        yield (b",\n" if place else b"\n") + json.dumps(image).encode()
        annotations += [
            (record.id, numbers[tag.label], tag.score, record.info.width, record.info.height)
            for tag in one.tags
        ]
    yield b'],\n"annotations": ['
    for number, (image_id, category, score, width, height) in enumerate(annotations, 1):
        annotation = {
            "id": number,
            "image_id": image_id,
            "category_id": category,
            "bbox": [0, 0, width, height],
            "area": width * height,
            "iscrowd": 0,
            "score": round(score, 4),
        }
        yield (b",\n" if number > 1 else b"\n") + json.dumps(annotation).encode()
    yield b"]}\n"


class _Rows:
    """The output of a CSV writer, as bytes with the original path encoding."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> int:
        """Add a line."""
        self._lines.append(line)
        return len(line)

    def take(self) -> bytes:
        """Everything since the last call."""
        text, self._lines = "".join(self._lines), []
        return text.encode("utf-8", "surrogateescape")
