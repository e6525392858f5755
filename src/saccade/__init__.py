"""saccade: search any pile of images by words or by picture, and put it in order.

    import saccade
    with saccade.open_library("photos") as lib:
        lib.index("photos")
        for hit in lib.search("a dog on the beach"):
            print(hit.score, hit.path)
        for group in lib.duplicates().groups:
            print(group.keeper.path, len(group.others))

Everything public stands here; it is loaded when first used, so that `import saccade` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from saccade.core.classifying import TaughtReport as TaughtReport
    from saccade.core.cleaning import CleaningReport as CleaningReport
    from saccade.core.data import ImportReport as ImportReport
    from saccade.core.duplicates import CheckResult as CheckResult
    from saccade.core.duplicates import DuplicateReport as DuplicateReport
    from saccade.core.duplicates import OverlapReport as OverlapReport
    from saccade.core.errors import SaccadeError as SaccadeError
    from saccade.core.outliers import InspectionReport as InspectionReport
    from saccade.core.outliers import OutlierReport as OutlierReport
    from saccade.core.quality import QualityReport as QualityReport
    from saccade.core.quarantine import UndoReport as UndoReport
    from saccade.core.ranking import ReplayReport as ReplayReport
    from saccade.core.tagging import ExportReport as ExportReport
    from saccade.core.tagging import TaggingReport as TaggingReport
    from saccade.core.taste import Recommendations as Recommendations
    from saccade.core.themes import LibraryMap as LibraryMap
    from saccade.core.themes import ThemeMeans as ThemeMeans
    from saccade.core.themes import Themes as Themes
    from saccade.core.types import Failure as Failure
    from saccade.core.types import Hit as Hit
    from saccade.core.types import IndexReport as IndexReport
    from saccade.core.types import Progress as Progress
    from saccade.core.types import SearchResult as SearchResult
    from saccade.library import ImageEncoder as ImageEncoder
    from saccade.library import Library as Library
    from saccade.library import load_encoder as load_encoder
    from saccade.library import open_library as open_library

__version__ = "0.2.0"

_HOME = {
    "SaccadeError": "saccade.core.errors",
    "Failure": "saccade.core.types",
    "Hit": "saccade.core.types",
    "IndexReport": "saccade.core.types",
    "Progress": "saccade.core.types",
    "SearchResult": "saccade.core.types",
    "CheckResult": "saccade.core.duplicates",
    "CleaningReport": "saccade.core.cleaning",
    "DuplicateReport": "saccade.core.duplicates",
    "ExportReport": "saccade.core.tagging",
    "ImportReport": "saccade.core.data",
    "InspectionReport": "saccade.core.outliers",
    "LibraryMap": "saccade.core.themes",
    "OutlierReport": "saccade.core.outliers",
    "OverlapReport": "saccade.core.duplicates",
    "QualityReport": "saccade.core.quality",
    "Recommendations": "saccade.core.taste",
    "ReplayReport": "saccade.core.ranking",
    "TaggingReport": "saccade.core.tagging",
    "TaughtReport": "saccade.core.classifying",
    "ThemeMeans": "saccade.core.themes",
    "Themes": "saccade.core.themes",
    "UndoReport": "saccade.core.quarantine",
    "ImageEncoder": "saccade.library",
    "Library": "saccade.library",
    "load_encoder": "saccade.library",
    "open_library": "saccade.library",
}
__all__ = ["__version__", *_HOME]  # noqa: PLE0604, every name is one of _HOME's


def __getattr__(name: str) -> object:
    """A public name, from where it lives."""
    if name not in _HOME:
        raise AttributeError(f"module 'saccade' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
