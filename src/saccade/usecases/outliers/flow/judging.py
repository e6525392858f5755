"""Judges pictures with a model and stores the values of the library's images."""

from collections.abc import Sequence

from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import ReportProgress
from saccade.usecases.outliers.flow.inspection import (
    Pictures,
    column_of,
    inspections,
    judge,
    keep_values,
    ratio_of,
)
from saccade.usecases.outliers.flow.models import Trained
from saccade.usecases.outliers.flow.patches import Features, Subject
from saccade.usecases.outliers.rules.reports import InspectionReport


def inspect_pictures(
    catalog: Catalog,
    trained: Trained,
    features: Features,
    pictures: Pictures,
    subjects: Sequence[Subject],
    *,
    top: int,
    store: bool,
    report: ReportProgress,
) -> InspectionReport:
    """Judge pictures, worst first. Takes the write lock to store the values, after all computing.

    Args:
        pictures: in batches, numbered by their position in `subjects`.
        top: maximum number of inspections in the report.
        store: whether to store the values of the library's images.
    """
    judged, failed = judge(trained, features, pictures, len(subjects), report)
    column = ""
    if store and any(one.image is not None for one in subjects):
        column = column_of(trained.model.name)
        with catalog.unit("storing inspections"):
            keep_values(catalog, column, trained, judged, subjects)
    return InspectionReport(
        model=trained.model,
        images=len(judged),
        bad=sum(ratio_of(one.value, trained.model.threshold) > 1.0 for one in judged),
        inspections=tuple(inspections(trained, judged, subjects, top)),
        column=column,
        failed=tuple(failed),
        seconds=0.0,
    )
