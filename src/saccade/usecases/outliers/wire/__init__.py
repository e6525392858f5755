"""The answers of `lib.outliers` for `--json`, HTTP and MCP."""

from saccade.core.wire import Answer
from saccade.usecases.outliers.wire.finding import (
    OutliersAnswer,
    QualityAnswer,
    outliers_answer,
    quality_answer,
)
from saccade.usecases.outliers.wire.inspecting import (
    InspectionsAnswer,
    ModelAnswer,
    inspections_answer,
    model_answer,
)

ANSWERS = (
    Answer(name="outliers", command="saccade outliers", kind=OutliersAnswer),
    Answer(name="outliers-quality", command="saccade outliers --quality", kind=QualityAnswer),
    Answer(name="outliers-train", command="saccade outliers --train", kind=ModelAnswer),
    Answer(name="outliers-inspect", command="saccade outliers --model", kind=InspectionsAnswer),
)
__all__ = ["ANSWERS", "inspections_answer", "model_answer", "outliers_answer", "quality_answer"]
