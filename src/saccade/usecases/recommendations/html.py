"""The HTML reports of `saccade recommend`."""

from typing import TYPE_CHECKING

from saccade.doors.page.figures import Bar, bars
from saccade.doors.page.report import Report, Section, Table, Tile, tiles_pictures, write_report
from saccade.doors.words import counted, duration, percent

if TYPE_CHECKING:
    from saccade.core.ranking import Interval, ReplayReport
    from saccade.engine.context import LibraryContext
    from saccade.usecases.recommendations.rules.reports import Recommendations

_GROUNDS = {
    "history": "By what this user liked, bought, clicked and disliked.",
    "images": "By the images given.",
    "popular": "By what all users liked.",
    "spread": "A cross-section of the library.",
    "sets": "By the imported sets.",
    "look-alikes": "By the sets of similar images.",
}


def write_recommendations(path: str, context: "LibraryContext", found: "Recommendations") -> None:
    """Write a list of recommendations; see `write_report` for errors."""
    sources = list(dict.fromkeys(reason.path for hit in found for reason in hit.reasons if reason.path))
    pictures = tiles_pictures(context, [*(hit.path for hit in found), *sources])
    shown = tuple(
        Tile(
            path=hit.path,
            picture=picture,
            title=_name(hit.path),
            lines=tuple(reason.text for reason in hit.reasons),
            badge=str(hit.rank),
            width=hit.info.width,
            height=hit.info.height,
        )
        for hit, picture in zip(found, pictures, strict=False)
    )
    grounds = tuple(
        Tile(path=source, picture=picture, title=_name(source), width=4, height=3)
        for source, picture in zip(sources, pictures[len(found) :], strict=True)
        if isinstance(picture, bytes)
    )
    sections = [Section(title="Recommended", tiles=shown)]
    if grounds:
        sections.append(Section(title="Because of these", tiles=grounds))
    facts = f"{counted(len(found), 'image')} in {duration(found.took_ms / 1000)}. {_GROUNDS[found.basis]}"
    note = found.note[:1].upper() + found.note[1:] + "." if found.note else ""
    lead = (facts, note) if note else (facts,)
    write_report(path, Report(title=f"Recommended {found.asked}", lead=lead, sections=tuple(sections)))


def write_replay(path: str, report: "ReplayReport") -> None:
    """Write the comparison of the methods."""
    rows = tuple(
        (
            one.method,
            _said(one.recall),
            _said(one.ndcg),
            percent(one.coverage),
            f"{one.novelty:.1f} bits",
            _said(one.behind) if one.method != "recommend" else "",
        )
        for one in report.scores
    )
    k = report.k
    table = Table(
        columns=("method", f"recall@{k}", f"nDCG@{k}", "coverage", "novelty", "behind, in recall"),
        rows=rows,
        numeric=frozenset({1, 2, 3, 4, 5}),
    )
    bar = [
        Bar(name=one.method, value=one.recall.value, low=one.recall.low, high=one.recall.high)
        for one in report.scores
    ]
    figure = bars(bar, title=f"recall@{k} of each method with its 95 % interval over users")
    judged = (
        f"{counted(report.users, 'user')}; the last {percent(report.held_out)} of each user's likes to be "
        f"found among {counted(report.images, 'image')}, from {counted(report.events, 'event')} before."
    )
    lead = (
        judged,
        "Intervals hold 95 % of resampled means over users. Novelty: how unlikely an image is to be seen.",
    )
    sections = (Section(title=f"recall@{k}", figure=figure), Section(title="All numbers", table=table))
    write_report(
        path, Report(title="Recommendations evaluated on what users did later", lead=lead, sections=sections)
    )


def _said(interval: "Interval") -> str:
    return f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})"


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path
