"""Computes the heat map of one picture with a model."""

from saccade.core.decoding import Decoded
from saccade.core.errors import InputError
from saccade.engine.inputs import check_side
from saccade.usecases.outliers.flow.inspection import judge, ratio_of
from saccade.usecases.outliers.flow.models import Trained
from saccade.usecases.outliers.flow.patches import Features
from saccade.usecases.outliers.rules.heat import HeatMap, enlarged
from saccade.usecases.outliers.rules.inspection import share_below


def check_heat(trained: Trained, size: int) -> None:
    """Raise InputError unless the model can locate anomalies and the size is valid."""
    name = trained.model.name
    if trained.model.method != "patches":
        raise InputError(
            f"the model {name!r} judges whole pictures, so it cannot locate anomalies",
            hint="train it by patches, with an encoder that supports them",
        )
    check_side(size)


def heat_map_of(trained: Trained, features: Features, picture: Decoded, shown: Decoded) -> HeatMap:
    """Where the picture differs from good ones.

    Args:
        picture: by the encoder's recipe.
        shown: the same picture, in the size of the heat map.
    """
    (judged,), _ = judge(trained, features, [([(0, picture)], [])], 1, lambda _: None)
    height, width = shown.pixels.shape[:2]
    return HeatMap(
        heat=enlarged(judged.heat, height, width),
        pixels=shown.pixels,
        value=ratio_of(judged.value, trained.model.threshold),
        score=share_below(trained.good, judged.value),
    )
