"""The HTML report of `saccade outliers`: the pictures, why each is told, and where in it."""

from typing import TYPE_CHECKING

from saccade.core.errors import SaccadeError
from saccade.doors.page.report import Report, Section, Tile, tiles_pictures
from saccade.doors.words import counted, number
from saccade.usecases.outliers.rules.quality import ISSUES
from saccade.usecases.outliers.rules.reports import InspectionReport, OutlierReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.library import Library
    from saccade.usecases.outliers.rules.quality import QualityReport

_MOST = 500
"""Pictures shown of one kind; more make a file that browsers struggle with."""
_SIDE = 320


def report_of(library: "Library", found: "OutlierReport | InspectionReport | QualityReport") -> Report:
    """The report of any answer."""
    if isinstance(found, OutlierReport):
        return _of_outliers(library, found)
    if isinstance(found, InspectionReport):
        return _of_inspection(library, found)
    return _of_quality(library, found)


def _of_outliers(library: "Library", found: OutlierReport) -> Report:
    shown = found.outliers[:_MOST]
    lines = [(one.reason, f"nearest: {one.nearest}") for one in shown]
    badges = [f"#{one.rank}: {one.value:.2f}" for one in shown]
    tiles = _tiles(library, [_first(one.record.paths) for one in shown], badges, lines)
    lead = (
        (
            f"{counted(found.images, 'image')} compared by {found.by}; {number(found.standing_out)} stand "
            f"out ({found.fence:.2f} times the typical value, or more)."
        ),
    )
    section = Section(title="Most unusual first", tiles=tiles, more=max(0, found.standing_out - len(shown)))
    return Report(title="Outliers", lead=lead, sections=(section,))


def _of_inspection(library: "Library", found: InspectionReport) -> Report:
    shown = found.inspections[:_MOST]
    overlays = [_heat(library, one.path, found) for one in shown]
    tiles = _tiles(
        library,
        [one.path for one in shown],
        [f"{'bad' if one.bad else 'good'} {one.value:.2f}" for one in shown],
        [(one.reason,) for one in shown],
        overlays,
    )
    lead = (
        (
            f"{number(found.bad)} of {counted(found.images, 'picture')} are called bad by {found.model.name} "
            f"(version {found.model.version}, learned from {counted(found.model.good, 'good picture')})."
        ),
        "Beside each picture: where it is unlike good ones. From red on it is beyond the limit.",
    )
    return Report(title="Inspection", lead=lead, sections=(Section(title="Worst first", tiles=tiles),))


def _of_quality(library: "Library", found: "QualityReport") -> Report:
    sections = []
    for issue, worst in found.issues.items():
        if worst:
            shown = worst[:_MOST]
            tiles = _tiles(
                library,
                [_first(one.record.paths) for one in shown],
                [f"{one.score:.2f}" for one in shown],
                [(one.reason,) for one in shown],
            )
            title = f"{ISSUES[issue].capitalize()}: {counted(found.counts[issue], 'image')}"
            sections.append(Section(title=title, tiles=tiles, more=found.counts[issue] - len(shown)))
    lead = (f"{counted(found.images, 'image')} looked at; an image can have several issues.",)
    return Report(title="Quality", lead=lead, sections=tuple(sections))


def _tiles(
    library: "Library",
    paths: "Sequence[str]",
    badges: "Sequence[str]",
    lines: "Sequence[tuple[str, ...]]",
    overlays: "Sequence[bytes | None] | None" = None,
) -> tuple[Tile, ...]:
    """A tile for each picture, shaped as its thumbnail."""
    pictures = tiles_pictures(library, paths, _SIDE)
    heats = overlays if overlays is not None else [None] * len(paths)
    shapes = [one.shape[:2] if hasattr(one, "shape") else (3, 4) for one in library.thumbnails(paths, 64)]
    return tuple(
        Tile(
            path=path,
            picture=picture,
            title=path.rsplit("/", 1)[-1],
            lines=told,
            badge=badge,
            width=width,
            height=height,
            overlay=heat,
        )
        for path, picture, badge, told, heat, (height, width) in zip(
            paths, pictures, badges, lines, heats, shapes, strict=True
        )
    )


def _heat(library: "Library", path: str, found: InspectionReport) -> bytes | None:
    """The heat map as a JPEG; None if the model cannot say where, or the file is gone by now."""
    if found.model.method != "patches":
        return None
    try:
        return library.heat_jpeg(path, found.model.name, size=_SIDE)
    except SaccadeError:
        return None


def _first(paths: "Sequence[str]") -> str:
    return paths[0] if paths else ""
