"""`lib.outliers`: unusual images, technical flaws, and pictures that differ from good ones."""

from saccade.usecases.outliers.api.namespace import Outliers

__all__ = ["Outliers"]
