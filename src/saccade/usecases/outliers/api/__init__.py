"""`lib.outliers`: images unlike the others, pictures unlike good ones, and what is technically wrong."""

from saccade.usecases.outliers.api.namespace import Outliers

__all__ = ["Outliers"]
