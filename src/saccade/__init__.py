"""saccade: search any collection of images by text or by picture, and clean it up.

    import saccade
    with saccade.open_library("photos") as lib:
        lib.index("photos")
        for hit in lib.search("a dog on the beach"):
            print(hit.score, hit.path)
        for group in lib.duplicates.find().groups:
            print(group.keeper.path, len(group.others))

The whole public API is here; names are loaded on first use, so that `import saccade` is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from saccade.core.errors import SaccadeError as SaccadeError
    from saccade.core.hits import Hit as Hit
    from saccade.core.hits import SearchResult as SearchResult
    from saccade.core.pictures import ImageId as ImageId
    from saccade.core.quarantine import UndoReport as UndoReport
    from saccade.core.ranking import ReplayReport as ReplayReport
    from saccade.core.settings import Settings as Settings
    from saccade.core.status import ForgetReport as ForgetReport
    from saccade.core.status import IndexReport as IndexReport
    from saccade.core.types import Failure as Failure
    from saccade.core.types import Progress as Progress
    from saccade.library import ImageEncoder as ImageEncoder
    from saccade.library import Library as Library
    from saccade.library import load_encoder as load_encoder
    from saccade.library import open_library as open_library
    from saccade.usecases.clusters.rules.reports import ClusterMeans as ClusterMeans
    from saccade.usecases.clusters.rules.reports import ClusterReport as ClusterReport
    from saccade.usecases.clusters.rules.reports import LibraryMap as LibraryMap
    from saccade.usecases.duplicates.rules.applying import ApplyReport as ApplyReport
    from saccade.usecases.duplicates.rules.reports import CheckResult as CheckResult
    from saccade.usecases.duplicates.rules.reports import DuplicateReport as DuplicateReport
    from saccade.usecases.duplicates.rules.reports import OverlapReport as OverlapReport
    from saccade.usecases.fields.rules import ImportReport as ImportReport
    from saccade.usecases.outliers.rules.heat import HeatMap as HeatMap
    from saccade.usecases.outliers.rules.quality import QualityReport as QualityReport
    from saccade.usecases.outliers.rules.reports import InspectionModel as InspectionModel
    from saccade.usecases.outliers.rules.reports import InspectionReport as InspectionReport
    from saccade.usecases.outliers.rules.reports import OutlierReport as OutlierReport
    from saccade.usecases.recommendations.rules.reports import FeedbackImport as FeedbackImport
    from saccade.usecases.recommendations.rules.reports import Recommendations as Recommendations
    from saccade.usecases.tags.rules.reports import ExportReport as ExportReport
    from saccade.usecases.tags.rules.reports import TaggingReport as TaggingReport
    from saccade.usecases.tags.rules.reports import TeachingReport as TeachingReport

__version__ = "0.3.0.dev0"

_HOME = {
    "ApplyReport": "saccade.usecases.duplicates.rules.applying",
    "CheckResult": "saccade.usecases.duplicates.rules.reports",
    "ClusterMeans": "saccade.usecases.clusters.rules.reports",
    "ClusterReport": "saccade.usecases.clusters.rules.reports",
    "DuplicateReport": "saccade.usecases.duplicates.rules.reports",
    "ExportReport": "saccade.usecases.tags.rules.reports",
    "Failure": "saccade.core.types",
    "FeedbackImport": "saccade.usecases.recommendations.rules.reports",
    "ForgetReport": "saccade.core.status",
    "HeatMap": "saccade.usecases.outliers.rules.heat",
    "Hit": "saccade.core.hits",
    "ImageEncoder": "saccade.library",
    "ImageId": "saccade.core.pictures",
    "ImportReport": "saccade.usecases.fields.rules",
    "IndexReport": "saccade.core.status",
    "InspectionModel": "saccade.usecases.outliers.rules.reports",
    "InspectionReport": "saccade.usecases.outliers.rules.reports",
    "Library": "saccade.library",
    "LibraryMap": "saccade.usecases.clusters.rules.reports",
    "OutlierReport": "saccade.usecases.outliers.rules.reports",
    "OverlapReport": "saccade.usecases.duplicates.rules.reports",
    "Progress": "saccade.core.types",
    "QualityReport": "saccade.usecases.outliers.rules.quality",
    "Recommendations": "saccade.usecases.recommendations.rules.reports",
    "ReplayReport": "saccade.core.ranking",
    "SaccadeError": "saccade.core.errors",
    "SearchResult": "saccade.core.hits",
    "Settings": "saccade.core.settings",
    "TaggingReport": "saccade.usecases.tags.rules.reports",
    "TeachingReport": "saccade.usecases.tags.rules.reports",
    "UndoReport": "saccade.core.quarantine",
    "load_encoder": "saccade.library",
    "open_library": "saccade.library",
}
__all__ = ["__version__", *_HOME]  # noqa: PLE0604, every name is one of _HOME's


def __getattr__(name: str) -> object:
    """Load a public name from its module."""
    if name not in _HOME:
        raise AttributeError(f"module 'saccade' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
