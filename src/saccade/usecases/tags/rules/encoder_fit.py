"""Parameters for tagging by words, from an encoder's manifest."""

from dataclasses import dataclass, fields

from saccade.core.types import EncoderInfo

AREA = "tags"
"""Our section of the manifest's fitted numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderFit:
    """Numbers fitted to one encoder; the defaults are for an encoder without any.

    Attributes:
        slope, offset: log-odds per unit of evidence for a label, and at none.
        plain_slope, plain_offset: the same from the scaled score of a name alone, for taught labels.
    """

    slope: float = 1.48
    offset: float = -0.32
    plain_slope: float = 1.41
    plain_offset: float = -1.59


def encoder_fit(info: EncoderInfo) -> EncoderFit:
    """The numbers of this encoder."""
    known = {field.name for field in fields(EncoderFit)}
    stated = info.fitted.get(AREA, {})
    return EncoderFit(**{name: value for name, value in stated.items() if name in known})
