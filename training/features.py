"""Run the int8 trunk over views of the training photos and keep what the heads need.

Per view: a vector of pooled statistics of all stages, for both heads, and the maps of stages 5 and 7
in the trunk's own uint8 codes, for the copy head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training import views
from training.backbone import STAGES, open_session
from training.data import Pixels
from training.graphs import attach, export_module, read_code

if TYPE_CHECKING:
    from pathlib import Path

    import onnxruntime as ort

SIDES = (28, 14, 7, 7)
CHUNK = 64

View = Callable[[Pixels, np.random.Generator], Pixels]


class Statistics(nn.Module):
    """The four trunk maps, each (n, c, h, w) -> the copy head's input (n, 3504).

    Mean and standard deviation of stages 3, 5 and 7; mean and cubic mean of the last.
    """

    def forward(self, stage3: Tensor, stage5: Tensor, stage7: Tensor, last: Tensor) -> Tensor:
        """Pool; see the class."""
        parts: list[Tensor] = []
        for value in (stage3, stage5, stage7):
            mean = value.mean(dim=(2, 3))
            power = (value * value).mean(dim=(2, 3))
            parts += [mean, (power - mean * mean).clamp(min=1e-6).sqrt()]
        cube = (last * last * last).mean(dim=(2, 3)).clamp(min=1e-9)
        return torch.cat([*parts, last.mean(dim=(2, 3)), cube.pow(1 / 3)], dim=1)


POOLED = 2 * sum(STAGES.values())


MAPS = {"stage5": (196, 112), "stage7": (49, 320)}
"""Maps kept whole, and their shape as cells x channels."""


@dataclass(frozen=True, slots=True)
class Extractor:
    """A trunk that gives `pooled` (n, 3504) float32 and its maps in the trunk's own uint8 codes.

    A map is (code - zero) * step, with (step, zero) in `codes`.
    """

    session: ort.InferenceSession
    codes: dict[str, tuple[float, int]]

    def __call__(self, pixels: Pixels, names: Sequence[str]) -> dict[str, np.ndarray]:
        """`names` ("pooled" or of `MAPS`) of pixels (n, 224, 224, 3)."""
        return dict(zip(names, self.session.run(list(names), {"pixels": pixels}), strict=True))


def build_extractor(
    trunk: Path, folder: Path, codes: dict[str, tuple[float, int]] | None = None
) -> Extractor:
    """Attach the statistics to `trunk`; an fp32 trunk stores its maps by the given `codes`."""
    shapes = zip(STAGES.values(), SIDES, strict=True)
    maps = tuple(torch.zeros(2, channels, side, side) for channels, side in shapes)
    head = folder / "statistics.onnx"
    export_module(Statistics(), maps, head, list(STAGES), ["pooled"])
    model = attach(onnx.load(trunk), onnx.load(head))
    graph = model.graph
    found: dict[str, tuple[float, int]] = {}
    for name in MAPS:
        coded = read_code(model, name)
        if coded is None:
            if codes is None:
                raise ValueError("an fp32 trunk has no codes of its own: give those of the int8 one")
            step, zero = codes[name]
            source = f"{name}_coded"
            graph.initializer.append(numpy_helper.from_array(np.float32(step), f"{name}_step"))
            graph.initializer.append(numpy_helper.from_array(np.uint8(zero), f"{name}_zero"))
            read = [name, f"{name}_step", f"{name}_zero"]
            graph.node.append(helper.make_node("QuantizeLinear", read, [source]))
        else:
            step, zero, source = coded
        found[name] = (step, zero)
        shape = numpy_helper.from_array(np.array([0, 0, -1]), f"{name}_flat")
        graph.initializer.append(shape)
        graph.node.append(helper.make_node("Reshape", [source, shape.name], [f"{name}_rows"]))
        turned = f"{name}_cells"
        graph.node.append(helper.make_node("Transpose", [f"{name}_rows"], [turned], perm=[0, 2, 1]))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("pooled", TensorProto.FLOAT, None))
    for name in MAPS:
        graph.output.append(helper.make_tensor_value_info(f"{name}_cells", TensorProto.UINT8, None))
    path = folder / f"extractor_{trunk.stem}.onnx"
    onnx.save(model, path)
    return Extractor(open_session(path), found)


def _chunk(job: tuple[Pixels, str, tuple[int, ...], int]) -> Pixels:
    pixels, view, seed, start = job
    make: View = getattr(views, view)
    made = [make(p, np.random.default_rng((*seed, start + i))) for i, p in enumerate(pixels)]
    return np.stack(made)


def make_views(pixels: Pixels, view: str, seed: tuple[int, ...], workers: int) -> Iterator[Pixels]:
    """One view of every photo, in order, in chunks of `CHUNK`; the same for any `workers`."""
    jobs = ((pixels[i : i + CHUNK], view, seed, i) for i in range(0, len(pixels), CHUNK))
    if view in ("plain", "mirrored"):
        yield from map(_chunk, jobs)
        return
    with ProcessPoolExecutor(workers) as executor:
        pending = []
        for job in jobs:
            pending.append(executor.submit(_chunk, job))
            if len(pending) > 2 * workers:
                yield pending.pop(0).result()
        for future in pending:
            yield future.result()


def extract(extractor: Extractor, chunks: Iterator[Pixels], out: dict[str, np.ndarray]) -> None:
    """Fill the arrays of `out`, named "pooled" or "<map>_cells", from views in order."""
    at = 0
    for chunk in chunks:
        for part in np.array_split(chunk, max(1, len(chunk) // 16)):
            for name, value in extractor(part, list(out)).items():
                out[name][at : at + len(part)] = value
            at += len(part)


def open_cache(path: Path, shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """A new array on disk, written as it is filled."""
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
