"""The HTML report of `saccade outliers`: the pictures, why each is listed, and where in it."""

from typing import TYPE_CHECKING

from saccade.core import paths
from saccade.core.errors import SaccadeError
from saccade.core.types import Failure
from saccade.doors.page.report import Report, Section, Tile
from saccade.doors.words import counted, number
from saccade.engine.previews import thumbnails
from saccade.usecases.outliers.api import Outliers
from saccade.usecases.outliers.rules.quality import ISSUES
from saccade.usecases.outliers.rules.reports import InspectionReport, OutlierReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saccade.engine.context import LibraryContext
    from saccade.usecases.outliers.rules.quality import QualityReport

_MAX_SHOWN = 500
"""Maximum pictures of one kind; more make a file that browsers struggle with."""
_SIDE = 320
_UNKNOWN = (4, 3)
"""Width and height of a tile for a picture that cannot be read."""


def report_of(
    context: "LibraryContext", report: "OutlierReport | InspectionReport | QualityReport"
) -> Report:
    """The report for any result."""
    if isinstance(report, OutlierReport):
        return _of_outliers(context, report)
    if isinstance(report, InspectionReport):
        return _of_inspections(context, report)
    return _of_quality(context, report)


def _of_outliers(context: "LibraryContext", report: OutlierReport) -> Report:
    shown = report.outliers[:_MAX_SHOWN]
    tiles = _tiles(
        context,
        [_first(one.record.paths) for one in shown],
        [f"#{one.rank}: {one.value:.2f}" for one in shown],
        [(one.reason, f"most similar: {one.nearest}") for one in shown],
    )
    lead = (
        f"{counted(report.images, 'image')} compared by {report.by}; {number(report.standing_out)} stand "
        f"out (more than {report.fence:.2f} times the typical value)."
    )
    section = Section(title="Most unusual first", tiles=tiles, more=max(0, report.standing_out - len(shown)))
    return Report(title="Outliers", lead=(lead,), sections=(section,))


def _of_inspections(context: "LibraryContext", report: InspectionReport) -> Report:
    shown = report.inspections[:_MAX_SHOWN]
    model = report.model
    tiles = _tiles(
        context,
        [one.path for one in shown],
        [f"{'bad' if one.bad else 'good'} {one.value:.2f}" for one in shown],
        [(one.reason,) for one in shown],
        [_heat(context, one.path, report) for one in shown],
    )
    lead = (
        (
            f"{number(report.bad)} of {counted(report.images, 'picture')} are called bad by {model.name} "
            f"(version {model.version}, learned from {counted(model.good, 'good picture')})."
        ),
        "Next to each picture: where it differs from good ones. Red and yellow are beyond the limit.",
    )
    return Report(title="Inspection", lead=lead, sections=(Section(title="Worst first", tiles=tiles),))


def _of_quality(context: "LibraryContext", report: "QualityReport") -> Report:
    sections = []
    for issue, worst in report.issues.items():
        if worst:
            shown = worst[:_MAX_SHOWN]
            tiles = _tiles(
                context,
                [_first(one.record.paths) for one in shown],
                [f"{one.score:.2f}" for one in shown],
                [(one.reason,) for one in shown],
            )
            title = f"{ISSUES[issue].capitalize()}: {counted(report.counts[issue], 'image')}"
            sections.append(Section(title=title, tiles=tiles, more=report.counts[issue] - len(shown)))
    lead = (f"{counted(report.images, 'image')} checked; an image can have several issues.",)
    return Report(title="Quality", lead=lead, sections=tuple(sections))


def _tiles(
    context: "LibraryContext",
    files: "Sequence[str]",
    badges: "Sequence[str]",
    lines: "Sequence[tuple[str, ...]]",
    overlays: "Sequence[bytes | None] | None" = None,
) -> tuple[Tile, ...]:
    """A tile for each picture, shaped like its thumbnail."""
    tiles = []
    heats = overlays if overlays is not None else [None] * len(files)
    pictures = thumbnails(context, files, _SIDE)
    for path, picture, badge, line, heat in zip(files, pictures, badges, lines, heats, strict=True):
        if isinstance(picture, Failure):
            shown: bytes | str = picture.reason
            width, height = _UNKNOWN
        else:
            shown = context.tools.pictures.to_jpeg(picture)
            height, width = picture.shape[:2]
        tiles.append(
            Tile(
                path=path,
                picture=shown,
                title=paths.name(path),
                lines=line,
                badge=badge,
                width=width,
                height=height,
                overlay=heat,
            )
        )
    return tuple(tiles)


def _heat(context: "LibraryContext", path: str, report: InspectionReport) -> bytes | None:
    """The heat map as a JPEG; None if the model cannot say where, or the file is gone."""
    model = report.model
    if model.method != "patches":
        return None
    try:
        heat = Outliers(context).heat_map(path, model.name, version=model.version, size=_SIDE)
    except SaccadeError:
        return None
    return context.tools.pictures.to_jpeg(heat.overlay())


def _first(files: "Sequence[str]") -> str:
    return files[0] if files else ""
