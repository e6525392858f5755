"""Small surgery on ONNX graphs: export a module, attach it to the trunk, shrink its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
import torch
from onnx import compose, numpy_helper
from torch import Tensor, nn

if TYPE_CHECKING:
    from pathlib import Path

OPSET = 17


def export_module(
    module: nn.Module,
    example: tuple[Tensor, ...],
    path: Path,
    inputs: list[str],
    outputs: list[str],
) -> None:
    """Write `module` as ONNX; the first axis of every input and output is dynamic."""
    torch.onnx.export(
        module.eval(),
        example,
        path,
        input_names=inputs,
        output_names=outputs,
        dynamic_axes={name: {0: "n"} for name in (*inputs, *outputs)},
        opset_version=OPSET,
        dynamo=False,
    )


def attach(trunk: onnx.ModelProto, head: onnx.ModelProto) -> onnx.ModelProto:
    """One graph: the trunk's outputs feed the head's inputs of the same names."""
    head = compose.add_prefix(head, "head_", rename_inputs=False, rename_outputs=False)
    head.ir_version = trunk.ir_version
    del head.opset_import[:]
    head.opset_import.extend(trunk.opset_import)
    names = [value.name for value in head.graph.input]
    return compose.merge_models(trunk, head, io_map=[(name, name) for name in names])


def read_code(model: onnx.ModelProto, name: str) -> tuple[float, int, str] | None:
    """Step, zero point and uint8 form of float tensor `name`; None if it was never quantized."""
    maker = next(node for node in model.graph.node if name in node.output)
    if maker.op_type != "DequantizeLinear":
        return None
    values = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    return float(values[maker.input[1]]), int(values[maker.input[2]]), maker.input[0]
