"""What tagging knows about an encoder: from its manifest, else the built-in encoder's."""

from saccade.core.types import EncoderInfo, PixelRecipe, Role
from saccade.encoders.registry import load
from saccade.usecases.tags.rules.encoder_fit import AREA, EncoderFit, encoder_fit


def _info(languages: tuple[str, ...] = (), **fitted: float) -> EncoderInfo:
    return EncoderInfo(
        name="x",
        fingerprint="f" * 64,
        dims={Role.SEMANTIC: 4},
        recipe=PixelRecipe(size=8),
        license="none",
        reads_text=True,
        languages=languages,
        fitted={AREA: fitted} if fitted else {},
    )


def test_the_manifest_comes_first() -> None:
    """Numbers it states are used, others are the defaults; unknown names count for nothing."""
    found = encoder_fit(_info(("de",), slope=2.0, lone_factor=3.0, other=9.0))
    usual = EncoderFit()
    assert (found.slope, found.lone_factor, found.languages) == (2.0, 3.0, ("de",))
    assert (found.offset, found.templates, found.background) == (
        usual.offset,
        usual.templates,
        usual.background,
    )


def test_languages_that_nobody_states_are_unknown() -> None:
    """So that synonyms in any language are tried."""
    assert encoder_fit(_info()).languages is None


def test_the_defaults_are_those_of_the_builtin_encoder() -> None:
    """Its manifest and the code agree."""
    assert encoder_fit(load("builtin", threads=1).info) == EncoderFit()
