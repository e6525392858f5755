"""The tools for use-cases, each imported on first use."""

import os
from collections.abc import Iterable
from functools import cached_property

from saccade.core.errors import InputError
from saccade.core.ports.engines import KMeans, SelfJoin, Verifier
from saccade.core.ports.tools import (
    KeywordFiles,
    PictureCodec,
    QuarantineFiles,
    QuarantineRuns,
    Tables,
    Walk,
    WholeFiles,
)

_VERIFIERS = ("base", "sift")


class LazyTools:
    """See `core.ports.tools.Tools`: a text search imports none of them."""

    @cached_property
    def walk(self) -> Walk:
        """Finds files."""
        from saccade.sources.walk import walk

        return walk

    @cached_property
    def pictures(self) -> PictureCodec:
        """Encodes pictures."""
        from saccade.sources import pictures

        return pictures

    @cached_property
    def tables(self) -> Tables:
        """CSV files."""
        from saccade.sources import tables

        return tables

    @cached_property
    def write_whole(self) -> WholeFiles:
        """Writes files atomically."""
        from saccade.sources.whole_files import write_whole

        return write_whole

    def clear_scratch(self, folders: Iterable[str]) -> None:
        """Remove what killed writers left."""
        from saccade.sources.whole_files import clear_scratch

        clear_scratch(folders)

    def append_line(self, path: str, line: str) -> None:
        """Append a line to a file, durably."""
        from saccade.sources.whole_files import append_line

        append_line(path, line)

    @cached_property
    def keywords(self) -> KeywordFiles:
        """Keywords in files."""
        from saccade.sources import keywords

        return keywords

    @cached_property
    def quarantine(self) -> QuarantineFiles:
        """Moves files away and back."""
        from saccade.sources import quarantine

        return quarantine

    def journal(self, folder: str) -> QuarantineRuns:
        """The manifests of the quarantine of the library in `folder`."""
        from saccade.sources.journal import Journal

        return Journal(folder, os.path.dirname(folder))

    def kmeans(self) -> KMeans:
        """k-means."""
        from saccade.indexes.kmeans import SphericalKMeans

        return SphericalKMeans()

    def self_join(self) -> SelfJoin:
        """All pairs that score high."""
        from saccade.indexes.join import CellJoin

        return CellJoin(self.kmeans())

    def verifier(self, name: str) -> Verifier:
        """The verifier of that name."""
        if name not in _VERIFIERS:
            raise InputError(f"cannot verify by {name!r}", hint=f"one of: {', '.join(_VERIFIERS)}")
        if name == "sift":
            from saccade.encoders.sift import SiftVerifier

            return SiftVerifier()
        from saccade.core.pixels.verification import AlignmentVerifier

        return AlignmentVerifier()
