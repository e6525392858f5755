"""Everything that tagging knows about one encoder: numbers fitted to it, and the texts it was fitted with."""

from dataclasses import dataclass, replace

from saccade.core.types import EncoderInfo

AREA = "tags"
"""Our section of the manifest's fitted numbers."""

TEMPLATES = (
    "{label}", "a photo of {a}", "a picture with {a} in it", "{a} outdoors", "{a} seen from close by",
    "someone with {a}", "there is {a} here", "two {label}s together",
)  # fmt: skip
"""Templates for a label's words; the mean of the embeddings represents it."""

BACKGROUND = tuple(
    """
    dog cat bird horse cow sheep fish insect man woman child baby crowd car truck bus train bicycle
    motorcycle boat airplane road street bridge house building church tower room kitchen bathroom bed chair
    table sofa lamp window door stairs garden tree flower grass forest mountain hill rock desert beach sea
    river lake snow ice sky cloud sunset night rain fire smoke water food fruit vegetable bread cake meat
    drink bottle cup glass plate knife book paper letter screen computer phone camera clock watch toy ball
    game sport swimming skiing surfing running football baseball tennis bag box shoe hat shirt dress suit
    glasses jewelry tool machine engine wheel weapon instrument guitar drum painting statue sign map flag
    tent umbrella shop market restaurant office school hospital factory farm field fence wall stone metal
    wood plastic cloth leather shadow face hand hair eye
    """.split()
)
"""Everyday words that every picture is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderFit:
    """What was fitted to one encoder; the defaults are the built-in encoder's.

    Attributes:
        slope, offset: log-odds per unit of evidence for a label, and at none; fitted to the words in captions
            of flickr8k's train part.
        plain_slope, plain_offset: the same from the scaled score of a name alone, for taught labels.
        lone_factor, lone_factor_by_class: logits learned from one example per class are multiplied by
            lone_factor + lone_factor_by_class / classes; fitted to 2, 5 and 20 words of the same captions
            with one photo each.
        templates: sentences for a label's words; the mean of their embeddings represents it.
        background: everyday words that every picture is compared with.
        languages: codes of the languages it reads; None if unknown, and all are tried.
    """

    slope: float = 1.48
    offset: float = -0.32
    plain_slope: float = 1.41
    plain_offset: float = -1.59
    lone_factor: float = 2.0
    lone_factor_by_class: float = 4.4
    templates: tuple[str, ...] = TEMPLATES
    background: tuple[str, ...] = BACKGROUND
    languages: tuple[str, ...] | None = ("en",)


def encoder_fit(info: EncoderInfo) -> EncoderFit:
    """What the encoder's manifest says, and the defaults for the rest."""
    stated = info.fitted.get(AREA, {})
    usual = EncoderFit()
    return replace(
        usual,
        slope=stated.get("slope", usual.slope),
        offset=stated.get("offset", usual.offset),
        plain_slope=stated.get("plain_slope", usual.plain_slope),
        plain_offset=stated.get("plain_offset", usual.plain_offset),
        lone_factor=stated.get("lone_factor", usual.lone_factor),
        lone_factor_by_class=stated.get("lone_factor_by_class", usual.lone_factor_by_class),
        languages=info.languages or None,
    )
