"""A desk whose pictures have four quarters of color, and a verifier that compares them pixel by pixel."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from PIL import Image

from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder, ReportProgress
from saccade.core.ports.engines import Match
from saccade.core.status import IndexReport
from saccade.core.types import Ids, PixelRecipe, Pixels, Role
from saccade.engine.space import SpaceReader
from saccade.indexes.join import CellJoin
from saccade.indexes.kmeans import SphericalKMeans
from saccade.usecases.duplicates.flow.finding import find_duplicates
from saccade.usecases.duplicates.flow.request import Request, Tools
from saccade.usecases.duplicates.rules.keeper import Chooser
from saccade.usecases.duplicates.rules.reports import DuplicateReport, Tier

Quarters = tuple[int, int, int, int]
SAME = 20
"""Mean difference in gray levels up to which the verifier says "the same picture"."""


class Desk(Protocol):
    """What tests/pipelines/conftest.py gives."""

    home: Path
    catalog: Catalog
    decoder: Decoder

    def path(self, name: str) -> Path: ...
    def index(self, *names: str) -> IndexReport: ...
    def reader(self, role: Role = ...) -> SpaceReader: ...
    def image(self, name: str) -> int: ...


class PixelVerifier:
    """Says "the same" by the mean difference, and counts how often it was asked."""

    name = "pixel test"
    recipe = PixelRecipe(size=8, fit="contain")

    def __init__(self) -> None:
        self.asked = 0

    def verify(self, a: Pixels, b: Pixels, score: float) -> Match:
        self.asked += 1
        difference = float(np.abs(a.astype(float) - b.astype(float)).mean())
        shift = np.array([[1.0, 0.0, 0.25], [0.0, 1.0, 0.0]])
        sure = 1.0 if difference <= SAME else 0.0
        return Match(same=sure > 0, probability=sure, transform=shift, facts={"difference": difference})


@dataclass
class Studio:
    """A desk, and short words for what tests of duplicates do with it."""

    desk: Desk
    verifier: PixelVerifier = field(default_factory=PixelVerifier)
    threshold: float = 0.9

    def picture(
        self,
        name: str,
        quarters: Quarters,
        *,
        mark: str = "",
        taken: str = "",
        camera: str = "",
        size: int = 8,
    ) -> Path:
        """A PNG, or what its name says, of four gray quarters; `mark` changes its bytes alone."""
        place = self.desk.path(name)
        image = np.zeros((8, 8, 3), np.uint8)
        image[:4, :4], image[:4, 4:], image[4:, :4], image[4:, 4:] = (np.uint8(gray) for gray in quarters)
        picture = Image.fromarray(image).resize((size, size), Image.Resampling.NEAREST)
        exif = Image.Exif()
        if taken:
            exif.get_ifd(0x8769)[0x9003] = taken
        if camera:
            exif[0x0110] = camera
        if mark:
            exif[0x010E] = mark
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", exif=exif)
        place.write_bytes(buffer.getvalue())
        return place

    @contextmanager
    def open_decoder(self, recipe: PixelRecipe) -> Iterator[Decoder]:
        """The session's decoder: squashed to 8 x 8 is all these pictures need."""
        yield self.desk.decoder

    def tools(self) -> Tools:
        copies, semantic = self.desk.reader(Role.COPY).space, self.desk.reader(Role.SEMANTIC).space
        return Tools(
            catalog=self.desk.catalog,
            open_decoder=self.open_decoder,
            verifier=self.verifier,
            join=CellJoin(SphericalKMeans()),
            folder=str(self.desk.home / ".saccade"),
            copies=copies,
            threshold=self.threshold,
            semantic=semantic,
            burst=(0.5, 0.5),
            scene=(0.9, 0.5),
        )

    def find(
        self,
        tiers: Sequence[str] = ("bytes", "pixels", "picture"),
        *,
        among: Ids | None = None,
        folders: Sequence[str] = (),
        prefer: Sequence[str] = (),
        progress: ReportProgress | None = None,
    ) -> DuplicateReport:
        request = Request(
            tiers=frozenset(Tier(name) for name in tiers),
            among=among,
            folders=tuple(str(self.desk.home / folder) for folder in folders),
            chooser=Chooser(prefer=[str(self.desk.home / folder) for folder in prefer]),
            burst_seconds=10.0,
        )
        return find_duplicates(self.tools(), request, progress=progress)

    def names(self, report: DuplicateReport) -> list[tuple[str, dict[str, str]]]:
        """[(keeper, {other: tier})], names relative to the home."""
        return [
            (self.name(group.keeper.path), {self.name(one.path): str(one.tier) for one in group.others})
            for group in report.groups
        ]

    def name(self, path: str) -> str:
        return str(Path(path).relative_to(self.desk.home))


@pytest.fixture
def studio(desk: Desk) -> Studio:
    """An empty library, with tools that find duplicates in it."""
    return Studio(desk=desk)
