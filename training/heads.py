"""What is trained on top of the frozen int8 trunk: the semantic head and the copy head."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.backbone import STAGES
from training.text import DIM

LAST = STAGES["last"]
LOWER = 2 * (STAGES["stage3"] + STAGES["stage5"] + STAGES["stage7"])
"""Length of the statistics of the lower stages: the first part of the pooled vector."""

COPY_DIM = 256
CLASSES = 1000


class Standardize(nn.Module):
    """(x - mean) / std with constants measured once on the training photos."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))

    def fit(self, values: Tensor) -> None:
        """Measure on rows of `values` (n, size); a channel that never changes is left small."""
        self.mean = values.mean(dim=0)
        self.std = values.std(dim=0).clamp(min=1e-3 + 0.05 * float(values.std(dim=0).mean()))

    def forward(self, x: Tensor) -> Tensor:
        """(n, size) -> same."""
        return (x - self.mean) / self.std


SEEN = LOWER + LAST
"""Length of what the semantic head reads: the pooled vector without its cubic means."""


class SemanticHead(nn.Module):
    """Pooled statistics (n, 2224) -> unit rows (n, 384).

    It reads means and deviations of the lower stages, the mean of the last, and what the backbone's
    own classifier says (square roots of its 1000 probabilities, so that Euclidean distance between
    two of them is Hellinger distance). A head that also attended to the 49 cells, trained together
    with the text tower, stayed at hit rate@10 of 62 on dev (this one: 67; several things differ).

    `gain` times the probabilities times `anchors` is added at the end: where the classifier
    is sure, the photo moves toward the names of the class. Captions of everyday scenes would wash
    these out, and with them all words that no caption holds.
    """

    def __init__(self, hidden: int = 512, dropout: float = 0.45) -> None:
        super().__init__()
        self.classifier = nn.Linear(LAST, CLASSES)
        self.standardize = Standardize(SEEN)
        self.hidden = nn.Linear(SEEN + CLASSES, hidden)
        self.out = nn.Linear(hidden, DIM)
        self.classes = nn.Linear(CLASSES, DIM)
        self.register_buffer("anchors", torch.zeros(DIM, CLASSES))
        self.register_buffer("gain", torch.tensor(0.0))
        self.dropout = nn.Dropout(dropout)

    def forward(self, seen: Tensor) -> Tensor:
        """Embed; see the class."""
        chance = self.classifier(seen[:, LOWER:]).softmax(dim=-1)
        return self.embed(seen, chance)

    def embed(self, seen: Tensor, chance: Tensor) -> Tensor:
        """As `forward`, with the probabilities (n, 1000) given."""
        root = chance.sqrt()
        x = torch.cat([self.standardize(seen), root * CLASSES**0.5], dim=1)
        x = self.dropout(F.gelu(self.hidden(self.dropout(x))))
        scene = F.normalize(self.out(x) + self.classes(root), dim=1)
        return F.normalize(scene + self.gain * F.linear(chance, self.anchors), dim=1)


class Glances(nn.Module):
    """Cells (n, cells, channels) -> (n, heads * width): nonlinear cells, summed by attention.

    Each head decides which cells count, so bars, borders and black corners need not.
    """

    def __init__(self, channels: int, width: int, heads: int = 4) -> None:
        super().__init__()
        self.center = Standardize(channels)
        self.look = nn.Linear(channels, heads)
        self.local = nn.Linear(channels, width)
        self.norm = nn.LayerNorm(heads * width)
        nn.init.zeros_(self.look.weight)

    def forward(self, cells: Tensor) -> Tensor:
        """Sum the cells; see the class."""
        x = self.center(cells)
        weight = self.look(x).softmax(dim=1)
        return self.norm((weight.transpose(1, 2) @ F.relu(self.local(x))).flatten(1))


class CopyHead(nn.Module):
    """Pooled statistics (n, 3504), cells of stages 5 and 7 -> unit rows (n, 256).

    The first 256 hidden units pass straight to the output: `copies.discriminate` starts them as a
    linear discriminant analysis, and training adds what is not linear.
    """

    def __init__(self, hidden: int = 320, dropout: float = 0.1) -> None:
        super().__init__()
        size = LOWER + 2 * LAST
        self.standardize = Standardize(size)
        self.middle = Glances(STAGES["stage5"], 128)
        self.top = Glances(STAGES["stage7"], 192)
        self.hidden = nn.Linear(size + 4 * (128 + 192), hidden)
        self.norm = nn.LayerNorm(hidden)
        self.out = nn.Linear(hidden, COPY_DIM)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.out.weight)

    def fit_cells(self, middle: Tensor, top: Tensor) -> None:
        """Measure the channels of stages 5 and 7 on cells of plain photos."""
        self.middle.center.fit(middle.flatten(0, 1))
        self.top.center.fit(top.flatten(0, 1))

    def forward(self, pooled: Tensor, middle: Tensor, top: Tensor) -> Tensor:
        """Embed; see the class."""
        parts = [self.standardize(pooled), self.middle(middle), self.top(top)]
        x = self.hidden(self.dropout(torch.cat(parts, dim=1)))
        return F.normalize(x[:, :COPY_DIM] + self.out(F.gelu(self.norm(x))), dim=1)
