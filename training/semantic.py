"""Train the semantic head and the text tower together, under a teacher that knows more words.

One batch holds photos with one caption each, imagined photos of ImageNet classes with their names,
texts about nothing, and texts without photos. Four pulls:

- contrast: a photo and its text find each other among the batch (symmetric InfoNCE, van den Oord
  et al. 2018), with targets softened by how alike the teacher finds the texts;
- nonsense: texts about nothing are extra wrong answers for every photo, so they score low;
- a second text path, MiniLM's sentence embedding through a small bridge, contrasted alike: it
  knows words no caption holds;
- distillation: the small tower follows the bridge on captions and on texts without photos.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from training.text import DIM, PAD, TextTower

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.heads import SemanticHead

Floats = NDArray[np.float32]

LONGEST = 20
"""Tokens of a text seen in the joint training; most captions have 10 to 16."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Tokens (n, MAX_TOKENS) of texts and the teacher's embeddings of them (n, 384)."""

    ids: NDArray[np.int16]
    taught: Floats


@dataclass(frozen=True, slots=True)
class Photos:
    """Views of photos: for each, `cells` (n, 49, 1280) uint8 in steps, `lower` (n, 944)."""

    cells: list[NDArray[np.uint8]]
    lower: list[NDArray[np.float16]]
    step: float

    def batch(self, rows: NDArray[np.int64], views: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """View `views[i]` of photo `rows[i]` for every i."""
        cells = np.stack([self.cells[v][r] for r, v in zip(rows, views, strict=True)])
        lower = np.stack([self.lower[v][r] for r, v in zip(rows, views, strict=True)])
        return torch.from_numpy(cells).float() * self.step, torch.from_numpy(lower).float()


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run of the training is told."""

    epochs: int = 40
    batch: int = 512
    imagined: int = 128
    nonsense: int = 128
    spare: int = 192
    rate: float = 1e-3
    text_rate: float = 4e-4
    decay: float = 0.05
    soften: float = 0.3
    average: float = 0.98
    follow: float = 2.0
    seed: int = 0


class Bridge(nn.Module):
    """The teacher's embedding (n, 384) -> the shared space, unit rows; starts as the identity."""

    def __init__(self, hidden: int = 768, dropout: float = 0.2) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(DIM, hidden), nn.Linear(hidden, DIM)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Carry over; see the class."""
        return F.normalize(x + self.down(self.dropout(F.gelu(self.up(x)))), dim=1)


class Imagine:
    """Cells of a photo as if a thing of another class were in it.

    If the cells of all classes spread alike (covariance C of pooled features), a class with
    classifier row w has its mean at C w from the center (linear discriminant analysis read
    backwards). That direction is added to a random rectangle of cells, until the classifier
    believes it.
    """

    def __init__(self, pooled: Tensor, weight: Tensor, bias: Tensor) -> None:
        covariance = torch.cov(pooled.T)
        centered = weight - weight.mean(dim=0)
        self.direction = centered @ covariance
        self.weight, self.bias = weight, bias
        self.gain = (centered * self.direction).sum(dim=1)

    def __call__(self, cells: Tensor, classes: Tensor, rng: np.random.Generator) -> Tensor:
        """Cells (n, 49, 1280) in which `classes` (n,) appear."""
        n = len(cells)
        logits = cells.mean(dim=1) @ self.weight.T + self.bias
        own = logits.gather(1, classes[:, None])[:, 0]
        margin = torch.from_numpy(rng.uniform(0.5, 6.0, n)).float()
        short = (logits.max(dim=1).values + margin - own).clamp(min=1.0)
        mask = torch.zeros(n, 7, 7)
        for i in range(n):
            high, wide = rng.integers(3, 8, 2)
            top, left = rng.integers(0, 8 - high), rng.integers(0, 8 - wide)
            mask[i, top : top + high, left : left + wide] = 1
        share = mask.mean(dim=(1, 2))
        # A negative cell is impossible after ReLU6; aim a little higher to make up for the cut.
        size = 1.3 * short / (self.gain[classes] * share)
        moved = (size[:, None] * self.direction[classes])[:, None, :]
        return (cells + mask.flatten(1)[..., None] * moved).clamp(0, 6)


def soft_targets(taught: Tensor, soften: float, sharpness: float = 0.1) -> Tensor:
    """(n, n) rows that sum to 1: the true pair, and `soften` shared among texts of like meaning."""
    alike = taught @ taught.T
    alike = (alike / sharpness).softmax(dim=1)
    return (1 - soften) * torch.eye(len(taught)) + soften * alike


def contrast(images: Tensor, texts: Tensor, extra: Tensor, scale: Tensor, target: Tensor) -> Tensor:
    """Symmetric cross-entropy against `target` (n, n); `extra` texts are wrong for every image."""
    scores = scale * images @ texts.T
    wrong = scale * images @ extra.T
    log_image = torch.cat([scores, wrong], dim=1).log_softmax(dim=1)[:, : len(texts)]
    log_text = scores.T.log_softmax(dim=1)
    return -0.5 * ((target * log_image).sum(1).mean() + (target * log_text).sum(1).mean())


def trim(
    ids: NDArray[np.int16], rng: np.random.Generator | None = None, drop: float = 0.0
) -> Tensor:
    """Ids without columns that are all padding; with `rng`, tokens become [UNK] (1) by chance."""
    width = max(2, int((ids != PAD).sum(axis=1).max()))
    out = ids[:, :width].astype(np.int64)
    if rng is not None and drop:
        hit = (rng.random(out.shape) < drop) & (out > 3)
        out[hit] = 1
    return torch.from_numpy(out)


def pretrain(tower: TextTower, texts: Texts, epochs: int, seed: int, batch: int = 512) -> None:
    """Teach the small tower to place texts where the teacher does (cosine, and in-batch order)."""
    rng = np.random.default_rng(seed)
    lengths = (texts.ids != PAD).sum(axis=1)
    steps = epochs * (len(texts.ids) // batch)
    optimizer = torch.optim.AdamW(tower.parameters(), lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 2e-3, total_steps=steps, pct_start=0.1
    )
    tower.train()
    done, started = 0, time.monotonic()
    while done < steps:
        # Texts of like length share a batch: little padding.
        order = np.argsort(lengths + rng.uniform(0, 3, len(lengths)), kind="stable")
        order = order[: len(order) // batch * batch].reshape(-1, batch)
        for rows in rng.permutation(order):
            if done == steps:
                break
            out = tower(trim(texts.ids[rows]))
            goal = torch.from_numpy(texts.taught[rows])
            match = 1 - (out * goal).sum(dim=1).mean()
            order_loss = F.cross_entropy(20 * out @ goal.T, torch.arange(batch))
            loss = 5 * match + order_loss
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            done += 1
            if done % 50 == 0:
                print(
                    f"pretrain {done}/{steps} 1-cos {match.item():.3f} rank {order_loss.item():.3f} "
                    f"{time.monotonic() - started:.0f} s",
                    flush=True,
                )


@dataclass(slots=True)
class Material:
    """Everything the joint training reads."""

    photos: Photos
    captions: Texts
    owner: NDArray[np.int64]
    names: Texts
    names_of: list[NDArray[np.int64]]
    nonsense: NDArray[np.int16]
    spare: Texts


def train(
    head: SemanticHead,
    tower: TextTower,
    bridge: Bridge,
    imagine: Imagine,
    material: Material,
    settings: Settings,
    check: Callable[[nn.Module, nn.Module, nn.Module], str] | None = None,
) -> tuple[SemanticHead, TextTower, Bridge]:
    """Train in place; return the averaged head, tower and bridge (exponential moving average)."""
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    scale = nn.Parameter(torch.tensor(math.log(20.0)))
    models = nn.ModuleList([head, tower, bridge])
    head.classifier.requires_grad_(requires_grad=False)
    averaged = torch.optim.swa_utils.AveragedModel(
        models,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(settings.average),
    )
    m = material
    captions_of = np.argsort(m.owner, kind="stable").reshape(-1, np.bincount(m.owner).max())
    count = len(captions_of)
    steps = settings.epochs * (count // settings.batch)
    groups = [
        {"params": [p for p in head.parameters() if p.requires_grad], "lr": settings.rate},
        {"params": tower.parameters(), "lr": settings.text_rate},
        {"params": [*bridge.parameters(), scale], "lr": settings.rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=settings.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [g["lr"] for g in groups], total_steps=steps, pct_start=0.1
    )
    views = len(m.photos.cells)
    n, done, started = settings.batch, 0, time.monotonic()
    for epoch in range(settings.epochs):
        models.train()
        head.classifier.eval()
        for rows in rng.permutation(count)[: count // n * n].reshape(-1, n):
            cells, lower = m.photos.batch(rows, rng.integers(0, views, n))
            captions = captions_of[rows, rng.integers(0, captions_of.shape[1], n)]
            classes = rng.permutation(len(m.names_of))[: settings.imagined]
            donors = rng.permutation(n)[: settings.imagined]
            imagined = imagine(cells[donors], torch.from_numpy(classes), rng)
            names = np.array([rng.choice(m.names_of[c]) for c in classes])
            images = head(torch.cat([cells, imagined]), torch.cat([lower, lower[donors]]))
            spare = rng.integers(0, len(m.spare.ids), settings.spare)
            nothing = rng.integers(0, len(m.nonsense), settings.nonsense)
            taught = torch.from_numpy(
                np.concatenate(
                    [m.captions.taught[captions], m.names.taught[names], m.spare.taught[spare]]
                )
            )
            bridged = bridge(taught)
            # Long and short texts run apart: less padding.
            long = tower(trim(m.captions.ids[captions, :LONGEST], rng, 0.08))
            short = np.concatenate([m.names.ids[names], m.spare.ids[spare], m.nonsense[nothing]])
            out = torch.cat([long, tower(trim(short[:, :LONGEST], rng, 0.05))])
            pairs, known = n + len(classes), n + len(classes) + len(spare)
            texts, extra, follower = out[:pairs], out[known:], out[:known]
            target = soft_targets(taught[:pairs], settings.soften)
            factor = scale.exp().clamp(max=100)
            loss = contrast(images, texts, extra, factor, target)
            loss = loss + 0.5 * contrast(images, bridged[:pairs], extra, factor, target)
            loss = loss + settings.follow * (1 - (follower * bridged.detach()).sum(dim=1).mean())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(models.parameters(), 2.0)
            optimizer.step()
            schedule.step()
            averaged.update_parameters(models)
            done += 1
        if check and (epoch % 4 == 1 or epoch + 1 == settings.epochs):
            kept = averaged.module
            kept.eval()
            print(
                f"epoch {epoch + 1} loss {loss.item():.3f} scale {scale.exp().item():.1f} "
                f"{time.monotonic() - started:.0f} s  {check(*kept)}",
                flush=True,
            )
    averaged.module.eval()
    return tuple(averaged.module)
