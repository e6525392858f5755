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
    from saccade.core.errors import SaccadeError as SaccadeError
    from saccade.core.quarantine import UndoReport as UndoReport
    from saccade.core.ranking import ReplayReport as ReplayReport
    from saccade.core.types import Failure as Failure
    from saccade.core.types import Hit as Hit
    from saccade.core.types import IndexReport as IndexReport
    from saccade.core.types import Progress as Progress
    from saccade.core.types import SearchResult as SearchResult
    from saccade.library import ImageEncoder as ImageEncoder
    from saccade.library import Library as Library
    from saccade.library import load_encoder as load_encoder
    from saccade.library import open_library as open_library
    from saccade.usecases.clusters.rules.reports import LibraryMap as LibraryMap
    from saccade.usecases.clusters.rules.reports import ThemeMeans as ThemeMeans
    from saccade.usecases.clusters.rules.reports import Themes as Themes
    from saccade.usecases.duplicates.rules.applying import CleaningReport as CleaningReport
    from saccade.usecases.duplicates.rules.reports import CheckResult as CheckResult
    from saccade.usecases.duplicates.rules.reports import DuplicateReport as DuplicateReport
    from saccade.usecases.duplicates.rules.reports import OverlapReport as OverlapReport
    from saccade.usecases.fields.rules import ImportReport as ImportReport
    from saccade.usecases.outliers.rules.heat import HeatMap as HeatMap
    from saccade.usecases.outliers.rules.quality import QualityReport as QualityReport
    from saccade.usecases.outliers.rules.reports import InspectionModel as InspectionModel
    from saccade.usecases.outliers.rules.reports import InspectionReport as InspectionReport
    from saccade.usecases.outliers.rules.reports import OutlierReport as OutlierReport
    from saccade.usecases.recommendations.rules.taste import Recommendations as Recommendations
    from saccade.usecases.tags.rules.classifying import TaughtReport as TaughtReport
    from saccade.usecases.tags.rules.reports import ExportReport as ExportReport
    from saccade.usecases.tags.rules.reports import TaggingReport as TaggingReport

__version__ = "0.2.0"

_HOME = {
    "SaccadeError": "saccade.core.errors",
    "Failure": "saccade.core.types",
    "Hit": "saccade.core.types",
    "IndexReport": "saccade.core.types",
    "Progress": "saccade.core.types",
    "SearchResult": "saccade.core.types",
    "CheckResult": "saccade.usecases.duplicates.rules.reports",
    "CleaningReport": "saccade.usecases.duplicates.rules.applying",
    "DuplicateReport": "saccade.usecases.duplicates.rules.reports",
    "ExportReport": "saccade.usecases.tags.rules.reports",
    "HeatMap": "saccade.usecases.outliers.rules.heat",
    "ImportReport": "saccade.usecases.fields.rules",
    "InspectionModel": "saccade.usecases.outliers.rules.reports",
    "InspectionReport": "saccade.usecases.outliers.rules.reports",
    "LibraryMap": "saccade.usecases.clusters.rules.reports",
    "OutlierReport": "saccade.usecases.outliers.rules.reports",
    "OverlapReport": "saccade.usecases.duplicates.rules.reports",
    "QualityReport": "saccade.usecases.outliers.rules.quality",
    "Recommendations": "saccade.usecases.recommendations.rules.taste",
    "ReplayReport": "saccade.core.ranking",
    "TaggingReport": "saccade.usecases.tags.rules.reports",
    "TaughtReport": "saccade.usecases.tags.rules.classifying",
    "ThemeMeans": "saccade.usecases.clusters.rules.reports",
    "Themes": "saccade.usecases.clusters.rules.reports",
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
