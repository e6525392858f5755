"""Assembles the dependencies for finding, checking and putting away from a library's parts."""

from saccade.core.calibration import Calibration
from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import Role, SpaceInfo
from saccade.engine.context import LibraryContext
from saccade.usecases.duplicates.flow.applying import Applier
from saccade.usecases.duplicates.flow.bursts import least_score
from saccade.usecases.duplicates.flow.candidates import candidate_threshold, joined_threshold
from saccade.usecases.duplicates.flow.checking import Checker
from saccade.usecases.duplicates.flow.matcher import HashTable, Surroundings
from saccade.usecases.duplicates.flow.request import Tools
from saccade.usecases.duplicates.rules.reports import Tier
from saccade.usecases.duplicates.rules.savings import PriceTable

_BURST, _SCENE = 0.95, 0.99
"""Required confidence of similarity: the odds of a true neighbor against a random image of this library."""


def duplicate_tools(context: LibraryContext, verify: str) -> Tools:
    """The dependencies for finding duplicates. Raises InputError, MissingExtraError: the verifier."""
    spaces = context.spaces
    verifier = context.tools.verifier(verify)
    copies = spaces.reader(Role.COPY)
    # An encoder that only recognizes copies must also serve for similarity.
    semantic = spaces.reader(Role.SEMANTIC) if spaces.has(Role.SEMANTIC) else copies
    chance, likeness = spaces.calibration(copies), spaces.calibration(semantic)
    threshold = _threshold(context, copies.space, chance)
    return Tools(
        catalog=context.catalog,
        open_decoder=context.open_decoder,
        verifier=verifier,
        join=context.tools.self_join(),
        folder=context.folder,
        copies=copies.space,
        threshold=threshold,
        semantic=semantic.space,
        burst=(least_score(chance, _BURST), least_score(likeness, _BURST)),
        scene=(threshold, least_score(likeness, _SCENE)),
        settings=context.settings,
    )


def checker(context: LibraryContext, verify: str, tiers: frozenset[Tier]) -> Checker:
    """The dependencies for checking. Raises InputError, MissingExtraError: the verifier."""
    spaces = context.spaces
    reader = spaces.reader(Role.COPY)
    encoder = spaces.encoder(Role.COPY)
    return Checker(
        catalog=context.catalog,
        encoder=encoder,
        open_decoder=context.open_decoder,
        verifier=context.tools.verifier(verify),
        around=Surroundings(
            catalog=context.catalog,
            reader=reader,
            threshold=_threshold(context, reader.space, spaces.calibration(reader)),
            hashes=HashTable.of(context.catalog, reader.space),
        ),
        tiers=tiers,
        cache_mb=context.settings.cache_mb,
    )


def applier(context: LibraryContext, prices: PriceTable, report: ReportProgress) -> Applier:
    """The dependencies for putting duplicates away."""
    return Applier(
        catalog=context.catalog,
        files=context.tools.quarantine,
        runs=context.tools.journal(context.folder),
        prices=prices,
        report=report,
    )


def _threshold(context: LibraryContext, space: SpaceInfo, chance: Calibration) -> float:
    """The copy score from which pixels are compared, for every command."""
    measured = context.spaces.encoder(Role.COPY).info.copy_threshold
    return joined_threshold(context.catalog, space, candidate_threshold(chance, measured))
