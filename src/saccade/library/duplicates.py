"""Duplicates: this part of the facade."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from saccade.core.errors import InputError
from saccade.core.filters import Filter, Where
from saccade.core.pixels.verification import AlignmentVerifier
from saccade.core.ports import ReportProgress
from saccade.core.ports.engines import Verifier
from saccade.core.types import Role
from saccade.library.inputs import absolute, picture_task
from saccade.library.parts import LibraryParts, Path
from saccade.usecases.duplicates.flow.bursts import least_score
from saccade.usecases.duplicates.flow.candidates import candidate_threshold
from saccade.usecases.duplicates.flow.checking import Checker, check
from saccade.usecases.duplicates.flow.finding import Request, Tools, find_duplicates
from saccade.usecases.duplicates.flow.overlap import find_leaks, find_shared
from saccade.usecases.duplicates.rules.keeper import Chooser, parse_rules
from saccade.usecases.duplicates.rules.reports import CheckResult, DuplicateReport, OverlapReport, Tier

_BURST, _SCENE = 0.95, 0.99
"""How sure likeness must be: the odds of a true neighbor against a random image of this library."""
_VERIFIERS = ("base", "sift")


class DuplicateTools(LibraryParts):
    """See `Library`."""

    def duplicates(
        self,
        *,
        tiers: Sequence[str] = (Tier.BYTES, Tier.PIXELS, Tier.PICTURE),
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        prefer: Sequence[Path] = (),
        keep: Sequence[str] = (),
        burst_seconds: float = 10.0,
        verify: str = "base",
        progress: ReportProgress | None = None,
    ) -> DuplicateReport:
        """Groups of files that are the same, and in each the one worth keeping. Nothing is changed.

        Pairs that were compared once are never compared again; only new images are joined with the others.

        Args:
            tiers: of "bytes", "pixels", "picture", "burst", "scene"; see `Tier`.
            where, folders: only among these images; only files in the folders are told, and can be kept.
            prefer: folders whose files are kept, the most preferred first.
            keep: rules that choose the keeper, the most important first, of "folder", "resolution",
                "quality", "metadata", "name", "date", "path"; those left out follow in this order.
            burst_seconds: time between two pictures of a burst, at most.
            verify: "base" (needs nothing), or "sift" (the extra `verify`: slower, no better on photos).
            progress: called a few times per second.
        Raises:
            InputError: an unknown tier, rule or way to verify; MissingExtraError: "sift" without the extra.
            InvalidQueryError: the encoder makes no copy embeddings.
        """
        request = Request(
            tiers=_tiers(tiers),
            among=self._among(where, folders),
            folders=tuple(absolute(folders)),
            chooser=Chooser(prefer=absolute(prefer), rules=parse_rules(keep)),
            burst_seconds=burst_seconds,
        )
        return find_duplicates(self._duplicate_tools(verify), request, progress=progress)

    def check(
        self,
        *pictures: object,
        tiers: Sequence[str] = (Tier.BYTES, Tier.PIXELS, Tier.PICTURE),
        verify: str = "base",
    ) -> list[CheckResult]:
        """Whether the library holds pictures already: for each the images it is the same as. Writes nothing.

        Args:
            pictures: paths, encoded bytes, PIL images or (H, W, 3) uint8 pixels, of the library or not; a
                file of the library is compared with all others.
            tiers: of "bytes", "pixels", "picture".
            verify: as for `duplicates`.
        Raises:
            PathNotFoundError: no such file. A picture that cannot be read gives a result that says why.
        """
        wanted = _pair_tiers(tiers)
        tasks = [picture_task(picture) for picture in pictures]
        reader = self._spaces.reader(Role.COPY)
        measured = self._spaces.encoder.info.copy_threshold
        return check(
            Checker(
                catalog=self._catalog,
                encoder=self._spaces.encoder,
                reader=reader,
                open_decoder=self._decoder,
                verifier=_verifier(verify),
                threshold=candidate_threshold(self._spaces.calibration(reader), measured),
                tiers=wanted,
            ),
            tasks,
        )

    def leaks(
        self,
        train: Path,
        test: Path,
        *,
        column: str | None = None,
        tiers: Sequence[str] = (Tier.BYTES, Tier.PIXELS, Tier.PICTURE),
        verify: str = "base",
        progress: ReportProgress | None = None,
    ) -> OverlapReport:
        """Pictures of the one set that are in the other, too: a test that was seen in training tells nothing.

        Args:
            train, test: two folders; with `column`, two values of a column of text.
            column: such as "split".
            tiers: of "bytes", "pixels", "picture".
            verify: as for `duplicates`.
        Raises:
            InputError: a set holds no image. InvalidFilterError: no such column.
        """
        wanted = _pair_tiers(tiers)
        sets = []
        for name in (train, test):
            if column is None:
                ids = self._catalog.images.match(self._filter(None, [name]))
            else:
                known, values = self._catalog.columns.texts(column, self._catalog.images.match(Filter()))
                ids = known[np.array([value == name for value in values], np.bool_)]
            if not len(ids):
                place = f"no image of the library lies in {name}" if column is None else ""
                raise InputError(
                    place or f"no image has the {column} {name!r}", hint="index it first; check the spelling"
                )
            sets.append(ids)
        return find_leaks(self._duplicate_tools(verify), sets[0], sets[1], wanted, progress=progress)

    def shared_with(
        self,
        other: LibraryParts,
        *,
        tiers: Sequence[str] = (Tier.BYTES, Tier.PIXELS, Tier.PICTURE),
        verify: str = "base",
        progress: ReportProgress | None = None,
    ) -> OverlapReport:
        """Pictures that this library (`a` of each pair) and another one (`b`) both hold. Writes nothing.

        Raises:
            EncoderMismatchError: the libraries were made by two encoders.
        """
        space = other._spaces.reader(Role.COPY).space  # noqa: SLF001 - of another object of this kind
        wanted = _pair_tiers(tiers)
        catalog = other._catalog  # noqa: SLF001 - as above
        return find_shared(self._duplicate_tools(verify), catalog, space, wanted, progress=progress)

    def not_duplicates(self, image: Path, other: Path, *more: Path, distinct: bool = True) -> int:
        """Say that images, named by files or ids, are no duplicates of each other; number of pairs changed.

        It is remembered for ever: they never are in one group again. With `distinct=False` it is taken back.

        Raises:
            ImageNotFoundError: the library holds no such image.
            InputError: two names of one image: its files hold the same bytes.
        """
        ids = sorted({record.id for record in map(self._record, (image, other, *more))})
        if len(ids) < 2 + len(more):
            raise InputError(
                "two of these are one image: the files hold the same bytes",
                hint="name each image once",
            )
        return self._catalog.pairs.set_distinct(list(combinations(ids, 2)), distinct=distinct)

    def _duplicate_tools(self, verify: str) -> Tools:
        """What finding duplicates works with."""
        from saccade.indexes.join import CellJoin
        from saccade.indexes.kmeans import SphericalKMeans

        spaces = self._spaces
        copies = spaces.reader(Role.COPY)
        # An encoder that tells copies only must do for likeness too.
        semantic = spaces.reader(Role.SEMANTIC) if Role.SEMANTIC in spaces.encoder.info.dims else copies
        chance, likeness = spaces.calibration(copies), spaces.calibration(semantic)
        threshold = candidate_threshold(chance, spaces.encoder.info.copy_threshold)
        return Tools(
            catalog=self._catalog,
            open_decoder=self._decoder,
            verifier=_verifier(verify),
            join=CellJoin(SphericalKMeans()),
            folder=self._folder,
            copies=copies.space,
            threshold=threshold,
            semantic=semantic.space,
            burst=(least_score(chance, _BURST), least_score(likeness, _BURST)),
            scene=(threshold, least_score(likeness, _SCENE)),
        )


def _tiers(names: Sequence[str]) -> frozenset[Tier]:
    """Tiers by name."""
    unknown = [name for name in names if name not in tuple(Tier)]
    if unknown or not names:
        raise InputError(
            f"no tier is called {unknown[0]!r}" if unknown else "no tier was asked for",
            hint=f"tiers: {', '.join(Tier)}",
        )
    return frozenset(Tier(name) for name in names)


def _pair_tiers(names: Sequence[str]) -> frozenset[Tier]:
    """Tiers by name, of those that two pictures alone can be in."""
    found = _tiers(names)
    if found - {Tier.BYTES, Tier.PIXELS, Tier.PICTURE}:
        raise InputError(
            "bursts and scenes are told of whole libraries only", hint="ask for: bytes, pixels, picture"
        )
    return found


def _verifier(name: str) -> Verifier:
    """The verifier of that name. Raises InputError; MissingExtraError."""
    if name not in _VERIFIERS:
        raise InputError(f"cannot verify by {name!r}", hint=f"one of: {', '.join(_VERIFIERS)}")
    if name == "base":
        return AlignmentVerifier()
    from saccade.encoders.sift import SiftVerifier

    return SiftVerifier()
