"""Patch features: an image tower's inner layers, resized to one grid.

Features from several depths of a network trained on everyday photos, concatenated as in PatchCore
(Roth et al. 2022, https://arxiv.org/abs/2106.08265): shallow ones capture texture, deep ones parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SOFT = np.float32(0.1)
"""Added to a deviation before its logarithm: a flat channel is not infinitely far from the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchPlan:
    """Which tensors of the image tower are patch features (manifest key "patches").

    Attributes:
        outputs: names of float32 tensors (n, channels, rows, columns) in the tower's graph.
        shape: rows and columns of the grid, and the total number of channels.
    """

    outputs: tuple[str, ...]
    shape: tuple[int, int, int]


def read_plan(raw: Mapping[str, object] | None) -> PatchPlan | None:
    """The plan in the manifest; None if there is none. Raises TypeError or ValueError."""
    if raw is None:
        return None
    outputs, shape = raw.get("outputs"), raw.get("shape")
    if not isinstance(outputs, list) or not isinstance(shape, list) or not outputs:
        raise TypeError("patches need outputs and a shape")
    rows, columns, channels = (int(side) for side in shape)
    if min(rows, columns, channels) < 1:
        raise ValueError(f"patches cannot have the shape {shape}")
    return PatchPlan(outputs=tuple(str(name) for name in outputs), shape=(rows, columns, channels))


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPlan:
    """Which tensor of the image tower describes how a picture looks (manifest key "looks").

    Attributes:
        output: name of a float32 tensor (n, c) in the tower's graph.
        blocks: channels of each layer in it, in order: first their means over the picture, then their
            standard deviations.
        means: channels of one more layer after them, with means only.
    """

    output: str
    blocks: tuple[int, ...]
    means: int

    @property
    def dim(self) -> int:
        """Numbers for one picture."""
        return 2 * sum(self.blocks) + self.means

    def read(self, pooled: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, dim) of the tensor: means as they are, deviations as logarithms, because they span decades."""
        read = np.array(pooled[:, : self.dim])
        start = 0
        for block in self.blocks:
            spread = read[:, start + block : start + 2 * block]
            np.log(spread + _SOFT, out=spread)
            start += 2 * block
        return read


def read_look_plan(raw: Mapping[str, object] | None) -> LookPlan | None:
    """The plan in the manifest; None if there is none. Raises TypeError or ValueError."""
    if raw is None:
        return None
    output, blocks = raw.get("output"), raw.get("blocks")
    if not isinstance(output, str) or not isinstance(blocks, list) or not blocks:
        raise TypeError("looks need an output and blocks")
    sizes = tuple(int(size) for size in blocks)
    if min(sizes) < 1:
        raise ValueError(f"looks cannot have blocks of {blocks}")
    means = raw.get("means", 0)
    if not isinstance(means, int) or means < 0:
        raise ValueError(f"looks cannot have {means} means")
    return LookPlan(output=output, blocks=sizes, means=means)


def with_outputs(model: bytes, names: Sequence[str]) -> bytes:
    """The ONNX model with additional tensors as outputs.

    Protocol Buffers merge messages that are written one after the other, so it is enough to append a model
    that contains only a graph (field 7) with these outputs (field 12), each with a name (field 1).
    """
    return model + _field(7, b"".join(_field(12, _field(1, name.encode())) for name in names))


def one_grid(maps: Sequence[NDArray[np.float32]], rows: int, columns: int) -> NDArray[np.float32]:
    """Feature maps (n, c, h, w) of any h and w as one (n, rows, columns, all c) array, bilinear."""
    count = len(maps[0])
    grid = np.empty((count, rows * columns, sum(one.shape[1] for one in maps)), np.float32)
    start = 0
    for one in maps:
        channels, height, width = one.shape[1:]
        part = grid[:, :, start : start + channels]
        cells = one.reshape(count, channels, height * width).transpose(0, 2, 1)
        if (height, width) == (rows, columns):
            part[:] = cells
        else:  # both axes at once: one matrix product per picture, channels last, as needed
            part[:] = np.kron(_stretching(rows, height), _stretching(columns, width)) @ cells
        start += channels
    return grid.reshape(count, rows, columns, -1)


def _stretching(new: int, old: int) -> NDArray[np.float32]:
    """(new, old) weights of linear interpolation between the centers of cells, clamped at the ends."""
    place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    below = np.minimum(place.astype(np.int64), max(old - 2, 0))
    weights = np.zeros((new, old), np.float32)
    weights[np.arange(new), below] = 1 - (place - below)
    weights[np.arange(new), np.minimum(below + 1, old - 1)] += place - below
    return weights


def _field(number: int, content: bytes) -> bytes:
    """One length-delimited field of a Protocol Buffers message."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Seven bits per byte, lowest first, the high bit set on all but the last."""
    coded = bytearray()
    while value > 0x7F:
        coded.append(value & 0x7F | 0x80)
        value >>= 7
    coded.append(value)
    return bytes(coded)
