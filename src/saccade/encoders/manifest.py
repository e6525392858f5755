"""Reads and validates `manifest.json` of an encoder's folder, and computes its fingerprint."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from saccade.core.errors import EncoderUnavailableError, InvalidQueryError
from saccade.core.types import EncoderInfo, PixelRecipe, Role
from saccade.encoders.patches import LookPlan, PatchPlan, read_look_plan, read_plan

_PARTS = (("image", "image.onnx"), ("text", "text.onnx"), ("tokenizer", "tokenizer.json"))
_SAME_AS = "same_embeddings_as"
"""Fingerprints of earlier manifests that produce identical embeddings; not part of the fingerprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The content of `manifest.json`.

    Attributes:
        info: the encoder as the rest of saccade sees it.
        files: {"image" | "text" | "tokenizer": (file name, SHA-256 in hexadecimal)}.
        max_tokens: longest text the text tower reads, in tokens; the rest is cut off.
        patches: the image tower's patch features; None if it has none.
        looks: the features for looks; None if it has none.
    """

    info: EncoderInfo
    files: Mapping[str, tuple[str, str]]
    max_tokens: int
    patches: PatchPlan | None = None
    looks: LookPlan | None = None


def read_manifest(folder: Traversable) -> Manifest:
    """The manifest of an encoder's folder.

    Raises:
        EncoderUnavailableError: it is missing or invalid.
    """
    try:
        raw = json.loads(folder.joinpath("manifest.json").read_text(encoding="utf-8"))
        digests = {name: str(entry["sha256"]) for name, entry in raw["files"].items()}
        files = {part: (name, digests[name]) for part, name in _PARTS if name in digests}
        info = EncoderInfo(
            name=raw["name"],
            fingerprint=fingerprint(raw),
            dims={Role(role): int(dim) for role, dim in raw["dims"].items()},
            recipe=PixelRecipe(**raw["input"]),
            license=raw["license"],
            reads_text="text" in files,
            copy_threshold=raw.get("copy_threshold"),
            languages=tuple(map(str, raw.get("languages", ()))),
            stop_words=frozenset(map(str, raw.get("stop_words", ()))),
            fitted=_numbers(raw.get("fitted", {})),
            same_as=frozenset(map(str, raw.get(_SAME_AS, ()))),
        )
        return Manifest(
            info=info,
            files=files,
            max_tokens=int(raw["max_tokens"]),
            patches=read_plan(raw.get("patches")),
            looks=read_look_plan(raw.get("looks")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidQueryError) as error:
        raise EncoderUnavailableError(
            f"the encoder's manifest cannot be used: {error}", hint="reinstall saccade"
        ) from error


def fingerprint(raw: Mapping[str, object]) -> str:
    """SHA-256 of the manifest, which has the weights' digests and everything else that affects results.

    All of it counts, so that no number can change without changing the fingerprint; except the list of
    earlier manifests with identical embeddings.
    """
    facts = {name: value for name, value in raw.items() if name != _SAME_AS}
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _numbers(raw: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, float]]:
    """{use-case: {name: number}}. Raises ValueError or TypeError for anything else."""
    return {
        area: {name: float(value) for name, value in values.items()}  # type: ignore[arg-type]  # float checks
        for area, values in raw.items()
    }
