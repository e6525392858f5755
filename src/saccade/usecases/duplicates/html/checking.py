"""The HTML report of pictures that two sets share: each pair side by side, with the evidence."""

import os
from typing import TYPE_CHECKING

from saccade.doors.page.report import Report, Section, Tile, tiles_pictures
from saccade.doors.words import counted, number, percent, shown_path, size
from saccade.usecases.duplicates.words import TIERS, inside, measured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saccade.core.types import ImageRecord
    from saccade.engine.context import LibraryContext
    from saccade.usecases.duplicates.rules.reports import DuplicatePair, OverlapReport

MOST_PAIRS = 300
"""Maximum pairs with pictures; more make a file that browsers struggle with."""


def overlap_report(context: "LibraryContext", found: "OverlapReport", names: tuple[str, str]) -> Report:
    """The pairs, and how much of each set they cover."""
    pairs = found.pairs[:MOST_PAIRS]
    shown = [_path(one, name) for pair in pairs for one, name in zip((pair.a, pair.b), names, strict=True)]
    paths = list(dict.fromkeys(path for path in shown if path))
    pictures = dict(zip(paths, tiles_pictures(context, paths), strict=True))
    aligned = [
        (_path(pair.a, names[0]), _path(pair.b, names[1]), pair.evidence.transform)
        for pair in pairs
        if pair.evidence.transform
    ]
    from saccade.usecases.duplicates.flow.differences import differences

    made = differences(context, aligned)
    apart = {(a, b): one for (a, b, _), one in zip(aligned, made, strict=True) if isinstance(one, bytes)}
    lead = [
        f"{number(leaked)} of {counted(images, 'image')} in {shown_path(name)} are also in the other."
        for name, images, leaked in zip(names, found.images, found.leaked, strict=True)
    ]
    if apart:
        lead.append("Next to a second picture: the difference once aligned with the first. Black: equal.")
    if len(found.pairs) > len(pairs):
        lead.append(f"The first {number(len(pairs))} of {counted(len(found.pairs), 'pair')} are shown.")
    return Report(
        title="Pictures in both",
        lead=tuple(lead),
        sections=tuple(_pair(place, pair, names, pictures, apart) for place, pair in enumerate(pairs, 1)),
    )


def _pair(
    place: int,
    pair: "DuplicatePair",
    names: tuple[str, str],
    pictures: "Mapping[str, bytes | str]",
    apart: "Mapping[tuple[str, str], bytes]",
) -> Section:
    first, second = _path(pair.a, names[0]), _path(pair.b, names[1])
    details = f"{percent(pair.probability)} sure: {', '.join(measured(pair.evidence, every=True))}"
    return Section(
        title=f"{place}. {TIERS[pair.tier.value]}: {os.path.basename(second)}",
        lines=() if pair.tier.value == "bytes" else (details,),
        tiles=(
            _tile(pair.a, first, names[0], pictures),
            _tile(pair.b, second, names[1], pictures, apart.get((first, second))),
        ),
    )


def _path(record: "ImageRecord", name: str) -> str:
    """The image's first file in the set."""
    return next(iter(inside(record.paths, name)), "")


def _tile(
    record: "ImageRecord",
    path: str,
    name: str,
    pictures: "Mapping[str, bytes | str]",
    overlay: bytes | None = None,
) -> Tile:
    info = record.info
    return Tile(
        path=path,
        picture=pictures.get(path, "gone"),
        title=os.path.basename(path) or "gone",
        lines=(
            shown_path(os.path.dirname(path)),
            f"{info.width} x {info.height} {info.format}, {size(info.size_bytes)}",
        ),
        badge=shown_path(name),
        width=info.width,
        height=info.height,
        overlay=overlay,
    )
