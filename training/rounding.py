"""Better int8 weights: rounded so that every processor agrees, and so that layers keep their mean.

1. Without VNNI instructions, x86 processors add products of neighboring inputs, u8 x s8, two at a
   time in int16, with saturation. A pair of weights cannot saturate when both have opposite signs
   or their absolute sum is at most 128 (255 * 128 < 32,768). Halving all weights (`reduce_range`)
   guarantees that and costs a whole bit everywhere; here each channel gets the scale of least error
   and only the rare pairs that could overflow are pulled in.
2. Rounding shifts the mean output of a channel by (W_q - W) E[x]; the bias takes it back
   (Nagel et al. 2019, "Data-free quantization through weight equalization and bias correction").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path

    from training.data import Pixels

PAIR_LIMIT = 128
STEPS = np.linspace(0.8, 2.0, 37)
"""Candidate scales of a channel, as shares of max |w| / 127."""

Array = NDArray[np.float32]


def limit_pairs(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pull in neighbors (columns 2i, 2i + 1) of like sign whose sum passes 128: (rows, k) same."""
    q = q.copy()
    k = q.shape[1] // 2 * 2
    first, second = q[:, 0:k:2], q[:, 1:k:2]
    over = np.where(first * second > 0, np.abs(first) + np.abs(second) - PAIR_LIMIT, 0)
    cut = np.ceil(np.maximum(over, 0) / 2)
    first -= np.sign(first) * np.minimum(cut, np.abs(first))
    second -= np.sign(second) * np.minimum(cut, np.abs(second))
    return q


def round_weights(weight: Array, power: Array, safe: bool) -> tuple[NDArray[np.int8], Array]:
    """Quantize rows: weight (rows, k), E[x^2] of each input (k,) -> int8 (rows, k), scale (rows,).

    The scale of a row minimizes sum_k E[x_k^2] (w_k - s q_k)^2 over `STEPS`.
    """
    top = np.maximum(np.abs(weight).max(axis=1), 1e-3) / 127  # a dead channel keeps a sane bias
    best = np.full(len(weight), np.inf)
    quantized = np.zeros(weight.shape, dtype=np.int8)
    scale = top.astype(np.float32)
    for share in STEPS:
        step = (top * share)[:, None]
        q = np.clip(np.round(weight / step), -127, 127)
        if safe:
            q = limit_pairs(q)
        error = (((weight - q * step) ** 2) * power).sum(axis=1)
        better = error < best
        best[better] = error[better]
        quantized[better] = q[better].astype(np.int8)
        scale[better] = step[better, 0]
    return quantized, scale


def input_statistics(path: Path, names: list[str], pixels: Pixels) -> dict[str, tuple[Array, Array]]:
    """Mean and mean square of each channel of the float tensors `names` in the model at `path`."""
    model = onnx.load(path)
    known = {output.name for output in model.graph.output} | {i.name for i in model.graph.input}
    wanted = [name for name in dict.fromkeys(names) if name != "x"]
    model.graph.output.extend(
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        for name in wanted
        if name not in known
    )
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    sums: dict[str, list[Array]] = {name: [] for name in wanted}
    squares: dict[str, list[Array]] = {name: [] for name in wanted}
    for batch in np.array_split(pixels, max(1, len(pixels) // 8)):
        x = ((batch.astype(np.float32) - 127) / 128).transpose(0, 3, 1, 2)
        for name, value in zip(wanted, session.run(wanted, {"x": x}), strict=True):
            sums[name].append(value.mean(axis=(0, 2, 3)))
            squares[name].append((value**2).mean(axis=(0, 2, 3)))
    out = {n: (np.mean(sums[n], axis=0), np.mean(squares[n], axis=0)) for n in wanted}
    out["x"] = (np.zeros(3, np.float32), np.full(3, 0.3, np.float32))
    return out


def refine_weights(source: Path, target: Path, pixels: Pixels) -> None:
    """Requantize every convolution of the int8 model `target` from the fp32 model `source`."""
    plain = onnx.load(source)
    floats = {i.name: numpy_helper.to_array(i) for i in plain.graph.initializer}
    convs = [node for node in plain.graph.node if node.op_type == "Conv"]
    statistics = input_statistics(source, [node.input[0] for node in convs], pixels)
    model = onnx.load(target)
    stored = {i.name: i for i in model.graph.initializer}
    makers = {node.output[0]: node for node in model.graph.node}
    layers = {node.name: node for node in model.graph.node if node.op_type == "Conv"}
    for conv in convs:
        weight = floats[conv.input[1]]  # (out, in / groups, kh, kw)
        mean, power = statistics[conv.input[0]]
        depthwise = weight.shape[1] == 1
        taps = weight.shape[2] * weight.shape[3]
        # Products are added in the order (kh, kw, channel): lay the rows out in that order.
        rows = weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)
        each = np.ones(taps, np.float32) if depthwise else np.tile(power, taps)
        q, scale = round_weights(rows, each, safe=not depthwise)
        shape = (len(weight), weight.shape[2], weight.shape[3], weight.shape[1])
        shift = (q * scale[:, None] - rows).reshape(shape).sum(axis=(1, 2))  # (out, in / groups)
        moved = shift[:, 0] * mean if depthwise else shift @ mean
        quantized = layers[conv.name]
        read, bias_read = makers[quantized.input[1]], makers[quantized.input[2]]
        _store(stored[read.input[0]], q.reshape(shape).transpose(0, 3, 1, 2))
        _store(stored[read.input[1]], scale.astype(np.float32))
        step = numpy_helper.to_array(stored[makers[quantized.input[0]].input[1]]) * scale
        bias = (floats[conv.input[2]] - moved) / step
        _store(stored[bias_read.input[0]], np.round(bias).astype(np.int32))
        _store(stored[bias_read.input[1]], step.astype(np.float32))
    onnx.save(model, target)


def _store(tensor: onnx.TensorProto, value: NDArray[np.generic]) -> None:
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), tensor.name))
