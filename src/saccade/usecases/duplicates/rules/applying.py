"""Rules that decide which duplicates may be moved, and which stay.

A duplicate is moved only if its keeper is certain to stay; any doubt is a reason to leave it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from saccade.core.decoding import FileStamp
from saccade.core.quarantine import MERGED, Facts, FileFacts, Merge, Move
from saccade.core.types import Failure, ImageInfo
from saccade.usecases.duplicates.rules.reports import DuplicateFile, DuplicateGroup, DuplicateReport, Tier
from saccade.usecases.duplicates.rules.savings import Savings

USUAL_TIERS = (Tier.BYTES, Tier.PIXELS, Tier.PICTURE)
"""Tiers that are put away by default: not bursts or scenes, which are different pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One file of a report, as it is now and as it was indexed.

    Attributes:
        facts: None if it is gone.
        remembered: size and time when it was indexed; None if the library does not have it (anymore).
        member: whether it is inside an archive.
    """

    facts: FileFacts | None
    remembered: FileStamp | None
    member: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The library's metadata of one image: tags with scores, and values of columns."""

    labels: Mapping[str, float]
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPlan:
    """The files that may be put away, and those that may not, each with a reason."""

    moves: tuple[Move, ...]
    skipped: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """The result, or dry run, of putting files away.

    Attributes:
        run: name of the run, for `undo`; empty if nothing was put away.
        applied: false for a dry run.
        quarantine: the folder where the files are, or would be.
        moves: the files.
        skipped: duplicates that are not moved, and why.
        merges: what the keepers take over.
        savings: the space freed once the quarantine is emptied.
        seconds: wall time.
    """

    run: str
    applied: bool
    quarantine: str
    moves: tuple[Move, ...]
    skipped: tuple[Failure, ...]
    merges: tuple[Merge, ...]
    savings: Savings
    seconds: float


def plan_moves(
    report: DuplicateReport, seen: Mapping[str, Observed], tiers: Collection[Tier] = USUAL_TIERS
) -> ApplyPlan:
    """Which of the others of each group may be put away: those of the tiers without a reason to stay.

    If the keeper is a link or in an archive, a file with identical bytes stays instead.

    Args:
        seen: every path of the report, and every other path of its images.
    """
    moves: list[Move] = []
    skipped: list[Failure] = []
    targets = {one.facts.target for one in seen.values() if one.facts is not None and one.facts.target}
    groups = [(group, _standing(group, seen, targets)) for group in report.groups]
    kept = {_entry(seen[keeper.path], keeper.path) for _, keeper in groups}
    gone: set[object] = set()
    for group, keeper in groups:
        for other in group.others:
            entry = _entry(seen[other.path], other.path)
            if other.tier not in tiers or entry in gone:  # a file in two groups is moved once
                continue
            why = doubt(keeper, other, seen)
            if other is keeper:
                why = ("stands_for_keeper", f"it is kept instead of {group.keeper.path}")
            elif why is None and other.record.info.frames > keeper.record.info.frames:
                why = ("more_frames", _more_frames(keeper, other))
            elif why is None and entry in kept:
                why = ("is_keeper", "it is the keeper of another group")
            elif why is None and entry in targets:
                why = ("link_target", "a link in the library leads to it")
            if why is not None:
                skipped.append(Failure(path=other.path, code=why[0], reason=why[1]))
            else:
                gone.add(entry)
                moves.append(_move(len(moves) + 1, keeper, other, seen[other.path]))
    return ApplyPlan(moves=tuple(moves), skipped=tuple(skipped))


def _standing(
    group: DuplicateGroup, seen: Mapping[str, Observed], targets: Collection[tuple[str, str]]
) -> DuplicateFile:
    """The file that stays: the keeper, or a more reliable one with the same bytes."""
    keeper = group.keeper
    facts = seen[keeper.path].facts
    if not seen[keeper.path].member and (facts is None or facts.kind == "file"):
        return keeper
    same = [one for one in group.others if one.record.id == keeper.record.id]
    fit = [one for one in same if not seen[one.path].member and _wrong(seen[one.path], "", "it") is None]
    fit.sort(key=lambda one: _entry(seen[one.path], one.path) not in targets)
    return fit[0] if fit else keeper


def _more_frames(keeper: DuplicateFile, other: DuplicateFile) -> str:
    """Only first pages and frames are compared."""
    frames, mine = other.record.info.frames, keeper.record.info.frames
    return f"it has {frames} pages or frames, and the keeper {mine}: {keeper.path}"


def doubt(
    keeper: DuplicateFile, other: DuplicateFile, seen: Mapping[str, Observed]
) -> tuple[str, str] | None:
    """Code and reason why a file must stay; None if it may be moved."""
    mine, its = seen[other.path], seen[keeper.path]
    if mine.member:
        return "in_archive", "it is in an archive, and archives are never changed"
    if its.member:
        return "keeper_in_archive", f"the keeper is in an archive: {keeper.path}"
    return (
        _wrong(mine, "", "it")
        or _wrong(its, "keeper_", f"the keeper {keeper.path}")
        or _same_file(mine, its, keeper.path)
    )


def _wrong(one: Observed, prefix: str, subject: str) -> tuple[str, str] | None:
    """What changed since the file was indexed."""
    if one.facts is None:
        return f"{prefix}file_gone", f"{subject} is no longer there"
    if one.facts.kind != "file":
        what = "a link" if one.facts.kind == "link" else "not a regular file"
        return f"{prefix}is_link", f"{subject} is {what}"
    if one.remembered is None:
        return f"{prefix}not_indexed", f"{subject} is no longer in the library"
    if one.remembered != one.facts.stamp:
        return f"{prefix}file_changed", f"{subject} changed since it was indexed; run `saccade index` first"
    return None


def _same_file(mine: Observed, keeper: Observed, path: str) -> tuple[str, str] | None:
    """One name seen twice (through a linked folder): moving it would move the keeper too."""
    assert mine.facts is not None
    assert keeper.facts is not None
    same = mine.facts.identity == keeper.facts.identity
    if same and (mine.facts.links == 1 or mine.facts.entry == keeper.facts.entry):
        return "same_file", f"it is the keeper itself under another name: {path}"
    return None


def _entry(one: Observed, path: str) -> object:
    """A key shared by all spellings of one name."""
    return one.facts.entry if one.facts is not None else path


def _move(number: int, keeper: DuplicateFile, other: DuplicateFile, seen: Observed) -> Move:
    assert seen.facts is not None
    assert other.tier is not None
    return Move(
        number=number,
        path=other.path,
        place="",
        stamp=seen.facts.stamp,
        mode=seen.facts.mode,
        sha256=other.record.image_id,
        tier=other.tier.value,
        probability=other.probability,
        reason=other.reason,
        keeper=keeper.path,
        keeper_sha256=keeper.record.image_id,
    )


_TEXTS = ("title", "caption", "creator", "rights", "camera", "lens")
_LONGEST_LABEL, _LONGEST_NAME, _LONGEST_TEXT = 500, 100, 10_000
"""Maximum characters in the catalog."""


def plan_merges(
    groups: Sequence[DuplicateGroup], moves: Sequence[Move], known: Callable[[int], Known]
) -> Iterator[Merge]:
    """What each keeper takes over from the moved files because it does not have it.

    Keywords and tags become tags. Everything else becomes separate columns, so that no existing value is ever
    overwritten: title, caption, creator, rights, camera and lens `merged_title` and so on, place
    and time `merged_latitude`, `merged_longitude` and `merged_taken` (the earliest), and the value of the
    column NAME `merged_data_NAME`. The first file's value wins. Files with the same bytes have the same
    metadata.

    Args:
        known: tags and columns of an image by its number.
    """
    leaving = {move.path: move for move in moves}
    for group in groups:
        mine = group.keeper.record
        others = [one for one in group.others if one.path in leaving and one.record.id != mine.id]
        if not others:
            continue
        own = known(mine.id)
        theirs = [(one, known(one.record.id)) for one in others]
        labels = _new_labels(group.keeper, own, theirs)
        facts = _new_facts(group.keeper, own, theirs)
        if labels or facts:
            yield Merge(
                keeper=group.keeper.path,
                sha256=mine.image_id,
                labels=labels,
                facts=facts,
                moves=tuple(leaving[one.path].number for one in others),
            )


def _new_labels(
    keeper: DuplicateFile, own: Known, others: Sequence[tuple[DuplicateFile, Known]]
) -> dict[str, float]:
    """Keywords and tags of the others missing on the keeper, ignoring case; best score of each."""
    have = {word.casefold().strip() for word in (*keeper.record.info.keywords, *own.labels)}
    found: dict[str, float] = {}
    for other, theirs in others:
        for word, score in (*((word, 1.0) for word in other.record.info.keywords), *theirs.labels.items()):
            label = word.strip()
            if label and len(label) <= _LONGEST_LABEL and label.casefold() not in have:
                found[label] = max(score, found.get(label, 0.0))
    return found


def _new_facts(
    keeper: DuplicateFile, own: Known, others: Sequence[tuple[DuplicateFile, Known]]
) -> dict[str, float | str]:
    """Values of the others missing on the keeper, by column."""
    mine, facts = keeper.record.info, dict[str, float | str]()
    for name in _TEXTS:
        said = [text for other, _ in others if (text := getattr(other.record.info, name))]
        if said and not getattr(mine, name):
            facts[f"{MERGED}_{name}"] = said[0][:_LONGEST_TEXT]
    times = [other.record.info.taken_at for other, _ in others if other.record.info.taken_at]
    if times and not mine.taken_at:
        facts[f"{MERGED}_taken"] = min(times)
    for other, theirs in others:
        latitude, longitude = other.record.info.latitude, other.record.info.longitude
        if mine.latitude is None and latitude is not None and longitude is not None:
            facts.setdefault(f"{MERGED}_latitude", latitude)
            facts.setdefault(f"{MERGED}_longitude", longitude)
        for name, value in theirs.facts.items():
            column = name if name.startswith(f"{MERGED}_") else f"{MERGED}_data_{name}"
            if name not in own.facts and len(column) <= _LONGEST_NAME and not _says(mine, name):
                facts.setdefault(column, value)
    return {name: value for name, value in facts.items() if name not in own.facts}


def _says(info: ImageInfo, column: str) -> bool:
    """Whether the keeper's file already has what a `merged_` column would add."""
    field = column.removeprefix(f"{MERGED}_")
    field = "taken_at" if field == "taken" else field
    return column.startswith(f"{MERGED}_") and bool(getattr(info, field, None))
