"""Write the artifacts: two graphs, a tokenizer, a manifest that names every byte of them."""

from __future__ import annotations

import hashlib
import json
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.backbone import STAGES
from training.data import SIZE
from training.features import SIDES, Statistics
from training.graphs import attach, export_module
from training.heads import COPY_DIM, SEEN, CopyHead, SemanticHead
from training.text import DIM, MAX_TOKENS, TextTower

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VERSION = "1.0.0"
STOP_WORDS = """
a an and are as at by for from in into is it its me my near no not of on or our out over that the their there
these this to under up was were while who with without
"""
"""Words that say nothing about a picture: word search leaves them out."""
FITTED = {"tags": {"slope": 1.48, "offset": -0.32, "plain_slope": 1.41, "plain_offset": -1.59}}
"""From the score of a label to log-odds; fitted to what captions of flickr8k's train part name."""
LICENSE = "see MODEL_CARD.md: backbone and teacher Apache-2.0; trained on Flickr8k (non-commercial)"
PATCHES, PATCH_GRID = ("stage3", "stage5", "stage7"), (28, 28)
"""Layers (strides 8, 16 and 32) that serve as patch features, and the grid they are resized to."""
POOLED_TENSOR = "head_/statistics/Concat_output_0"
"""What `Statistics` gives, as the exporter names it: means and deviations of the stages above come first."""
SMALL = 4096
"""Constants of fewer elements stay float32."""
PRODUCERS = ("torch", "onnx", "onnxruntime", "tokenizers", "transformers", "numpy", "pillow")


class Heads(nn.Module):
    """The trunk's four maps -> `semantic` (n, 384) and `copy` (n, 256)."""

    def __init__(self, semantic: SemanticHead, copy: CopyHead) -> None:
        super().__init__()
        self.statistics = Statistics()
        self.semantic, self.copy = semantic, copy

    def forward(self, stage3: Tensor, stage5: Tensor, stage7: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        """Run both heads; see the class."""
        pooled = self.statistics(stage3, stage5, stage7, last)
        middle, top = (x.flatten(2).transpose(1, 2) for x in (stage5, stage7))
        return self.semantic(pooled[:, :SEEN]), self.copy(pooled, middle, top)


def shrink_constants(model: onnx.ModelProto) -> None:
    """Store large float constants as int8 with a float32 scale per output, in place.

    They are turned back to float32 when a session opens, so results do not depend on the batch;
    only a table read by Gather stays int8 in memory.
    """
    graph = model.graph
    readers = {name: node for node in graph.node for name in node.input}
    fresh: list[onnx.NodeProto] = []
    for tensor in list(graph.initializer):
        value = numpy_helper.to_array(tensor)
        if value.dtype != np.float32 or value.size < SMALL or value.ndim < 2:
            continue
        reader = readers[tensor.name]
        rows = reader.op_type == "Gather" or any(a.name == "transB" and a.i == 1 for a in reader.attribute)
        axis = value.ndim - 1 if rows else value.ndim - 2
        scale = np.maximum(np.abs(value).max(axis=axis, keepdims=True), 1e-8) / 127
        coded = np.round(value / scale).astype(np.int8)
        name = tensor.name
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(coded, f"{name}_int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
        if reader.op_type == "Gather":
            ids, out = reader.input[1], reader.output[0]
            graph.node.remove(reader)
            fresh += [
                helper.make_node("Gather", [f"{name}_int8", ids], [f"{out}_int8"]),
                helper.make_node("Cast", [f"{out}_int8"], [f"{out}_float"], to=TensorProto.FLOAT),
                helper.make_node("Gather", [f"{name}_scale", ids], [f"{out}_scale"]),
                helper.make_node("Mul", [f"{out}_float", f"{out}_scale"], [out]),
            ]
        else:
            fresh += [
                helper.make_node("Cast", [f"{name}_int8"], [f"{name}_float"], to=TensorProto.FLOAT),
                helper.make_node("Mul", [f"{name}_float", f"{name}_scale"], [name]),
            ]
    nodes = [*fresh, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def tidy(model: onnx.ModelProto, inputs: list[onnx.ValueInfoProto], dims: dict[str, int]) -> None:
    """Give the graph its contract's inputs and outputs, drop shape notes and doc strings."""
    graph = model.graph
    del graph.value_info[:], graph.input[:], graph.output[:]
    graph.input.extend(inputs)
    graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", dim]) for name, dim in dims.items()
    )
    for node in graph.node:
        node.doc_string = ""
    graph.name, model.producer_name, model.doc_string = "saccade builtin", "saccade.training", ""
    onnx.checker.check_model(model)


def export_image(trunk: Path, heads: Heads, target: Path, small: bool) -> None:
    """Write the image tower: uint8 `pixels` (n, 224, 224, 3) -> `semantic`, `copy`."""
    maps = tuple(torch.zeros(2, c, s, s) for c, s in zip(STAGES.values(), SIDES, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "heads.onnx"
        export_module(heads, maps, path, list(STAGES), ["semantic", "copy"])
        head = onnx.load(path)
    if small:
        shrink_constants(head)
    model = attach(onnx.load(trunk), head)
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIZE, SIZE, 3])
    tidy(model, [pixels], {"semantic": DIM, "copy": COPY_DIM})
    onnx.save(model, target)


def export_text(tower: TextTower, target: Path, small: bool) -> None:
    """Write the text tower: int64 `ids` (n, t), 0 = padding, t <= MAX_TOKENS -> `semantic`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.onnx"
        torch.onnx.export(
            tower.eval(),
            (torch.ones(2, 7, dtype=torch.long),),
            path,
            input_names=["ids"],
            output_names=["semantic"],
            dynamic_axes={"ids": {0: "n", 1: "t"}, "semantic": {0: "n"}},
            opset_version=17,
            dynamo=False,
        )
        model = onnx.load(path)
    if small:
        shrink_constants(model)
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["n", "t"])
    tidy(model, [ids], {"semantic": DIM})
    onnx.save(model, target)


def write_manifest(folder: Path) -> None:
    """Write `manifest.json`: what the files are, their SHA-256, and every number fitted to them."""
    files = ("image.onnx", "text.onnx", "tokenizer.json")
    manifest = {
        "name": "builtin",
        "version": VERSION,
        "license": LICENSE,
        "input": {"size": SIZE, "fit": "squash", "resample": "bicubic"},
        "dims": {"semantic": DIM, "copy": COPY_DIM},
        "max_tokens": MAX_TOKENS,
        "precision": "int8",
        "files": {
            name: {
                "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
                "bytes": (folder / name).stat().st_size,
            }
            for name in files
        },
        "languages": ["en"],
        "stop_words": STOP_WORDS.split(),
        "fitted": FITTED,
        "made_with": {name: version(name) for name in PRODUCERS},
        "patches": {"outputs": list(PATCHES), "shape": [*PATCH_GRID, sum(STAGES[name] for name in PATCHES)]},
        "looks": {
            "output": POOLED_TENSOR,
            "blocks": [STAGES[name] for name in PATCHES],
            "means": STAGES["last"],
        },
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def export_all(
    folder: Path, trunk: Path, heads: Heads, tower: TextTower, tokenizer: Tokenizer, small: bool
) -> None:
    """Write all artifacts; `small` stores the heads and the text tower in int8."""
    folder.mkdir(parents=True, exist_ok=True)
    export_image(trunk, heads, folder / "image.onnx", small)
    export_text(tower, folder / "text.onnx", small)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write_manifest(folder)
