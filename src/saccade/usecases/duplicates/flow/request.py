"""What finding duplicates works with, and what it is asked for."""

from dataclasses import dataclass, field

from saccade.core.ports.catalog import Catalog
from saccade.core.ports.engines import SelfJoin, Verifier
from saccade.core.settings import Settings
from saccade.core.types import Ids, SpaceInfo
from saccade.usecases.duplicates.flow.same_pixels import OpenDecoder
from saccade.usecases.duplicates.rules.keeper import Chooser
from saccade.usecases.duplicates.rules.reports import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The dependencies for finding duplicates.

    Attributes:
        folder: the library's own, for scratch files.
        copies: the space of the copy role.
        threshold: score there from which pixels are worth comparing.
        semantic: the space of the semantic role.
        burst: lowest scores (copy, semantic) for two pictures taken within seconds to be one burst.
        scene: lowest scores (copy, semantic) for one scene, whenever they were taken.
        settings: threads and memory to use.
    """

    catalog: Catalog
    open_decoder: OpenDecoder
    verifier: Verifier
    join: SelfJoin
    folder: str
    copies: SpaceInfo
    threshold: float
    semantic: SpaceInfo
    burst: tuple[float, float]
    scene: tuple[float, float]
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The options of a search.

    Attributes:
        tiers: what counts as a duplicate.
        among: sorted ids to search; all when None.
        folders: only files in or below these; all when empty.
        chooser: which file of a group is kept.
        burst_seconds: maximum time between two pictures of a burst.
    """

    tiers: frozenset[Tier]
    among: Ids | None
    folders: tuple[str, ...]
    chooser: Chooser
    burst_seconds: float
