"""Train the shared space: first photos toward a teacher's texts, then the small text tower.

Stage one, photos. The teacher's sentence embeddings of captions go through a small bridge, photos
through the semantic head; both learn to find each other (symmetric InfoNCE, van den Oord et al.
2018). All five captions of a photo count at once; photos are mixed pairwise (mixup, Zhang et al.
2018), since 6,000 of them are soon known by heart; and imagined photos of the 1000 ImageNet classes
stand beside their names.

Stage two, texts. Photos stay as they are; the small tower follows the bridge on captions, names,
definitions and captions with foreign words, finds the photos itself, and learns that texts about
nothing score low against every photo.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.heads import LOWER, SemanticHead
from training.text import DIM, PAD, TextTower

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ids = NDArray[np.int16]

LONGEST = 20
"""Tokens of a text seen in stage two; most captions have 10 to 16."""
START_SCALE = 20.0
"""First value of the learned factor on scores."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Tokens (n, MAX_TOKENS) of texts and the teacher's embeddings of them (n, 384)."""

    ids: Ids
    taught: Floats


@dataclass(frozen=True, slots=True)
class Material:
    """What both stages read. Photo i has the views `views[:, i]` and the captions `captions_of[i]`."""

    views: Tensor
    captions: Texts
    captions_of: NDArray[np.int64]
    names: Texts
    names_of: list[NDArray[np.int64]]
    nonsense: Ids
    spare: Texts


@dataclass(frozen=True, slots=True)
class Settings:
    """How both stages run."""

    epochs: int = 20
    text_epochs: int = 30
    batch: int = 512
    imagined: int = 128
    nonsense: int = 96
    spare: int = 192
    rate: float = 1e-3
    text_rate: float = 8e-4
    decay: float = 0.05
    mix: float = 0.6
    smooth: float = 0.1
    anchor: float = 0.5
    follow: float = 4.0
    seed: int = 0


class Bridge(nn.Module):
    """The teacher's embedding (n, 384) -> the shared space, unit rows; starts as the identity."""

    def __init__(self, hidden: int = 768, dropout: float = 0.3) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(DIM, hidden), nn.Linear(hidden, DIM)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Carry over; see the class."""
        return F.normalize(x + self.down(self.dropout(F.gelu(self.up(x)))), dim=1)


class Imagine:
    """Statistics of a photo as if a thing of another class were in it.

    If the pooled features of all classes spread alike (covariance C), a class with classifier row w
    has its mean at C w from the center (linear discriminant analysis read backwards). The photo is
    moved in that direction until the classifier believes it.
    """

    def __init__(self, pooled: Tensor, weight: Tensor, bias: Tensor) -> None:
        centered = weight - weight.mean(dim=0)
        self.direction = centered @ torch.cov(pooled.T)
        self.weight, self.bias = weight, bias
        self.gain = (centered * self.direction).sum(dim=1)

    def __call__(self, seen: Tensor, classes: Tensor, rng: np.random.Generator) -> Tensor:
        """Statistics (n, 2224) in which `classes` (n,) appear."""
        mean = seen[:, LOWER:]
        logits = mean @ self.weight.T + self.bias
        own = logits.gather(1, classes[:, None])[:, 0]
        margin = torch.from_numpy(rng.uniform(0.5, 7.0, len(seen))).float()
        short = (logits.max(dim=1).values + margin - own).clamp(min=1.0)
        # Features end at 0 after ReLU6; aim a little higher to make up for the cut.
        size = 1.3 * short / self.gain[classes]
        moved = (mean + size[:, None] * self.direction[classes]).clamp(0, 6)
        return torch.cat([seen[:, :LOWER], moved], dim=1)


def contrast(scores: Tensor, share: Tensor, smooth: float) -> Tensor:
    """Symmetric cross-entropy of scores (photos, texts) with `share` of each photo in each text.

    `share` is 1 where the text is the photo's, a fraction where the photo is a mixture; both
    directions divide it to sum to 1, the direction from text to photo less `smooth`, which is
    spread over all photos.
    """
    to_text = (share / share.sum(dim=1, keepdim=True) * scores.log_softmax(dim=1)).sum(1).mean()
    log_photo = scores.log_softmax(dim=0)
    to_photo = (share / share.sum(dim=0, keepdim=True) * log_photo).sum(dim=0).mean()
    return -0.5 * (to_text + (1 - smooth) * to_photo + smooth * log_photo.mean())


def trim(ids: Ids, rng: np.random.Generator | None = None, drop: float = 0.0) -> Tensor:
    """Ids without columns that are all padding; with `rng`, tokens become [UNK] (1) by chance."""
    width = max(2, int((ids != PAD).sum(axis=1).max()))
    out = ids[:, :width].astype(np.int64)
    if rng is not None and drop:
        out[(rng.random(out.shape) < drop) & (out > 3)] = 1
    return torch.from_numpy(out)


def place_anchors(head: SemanticHead, named: Tensor, material: Material, gain: float) -> None:
    """Set the head's anchors to the centers of the embedded names (all, 384) of each class."""
    centers = torch.stack([named[rows].mean(dim=0) for rows in material.names_of])
    head.anchors.copy_(F.normalize(centers - centers.mean(dim=0), dim=1).T)
    head.gain.fill_(gain)


class Averaged:
    """Exponential moving average of weights, and the optimizer of one run over `steps` steps."""

    def __init__(self, models: nn.Module, rate: float, decay: float, steps: int) -> None:
        self.models = models
        average = torch.optim.swa_utils.get_ema_multi_avg_fn(0.98)
        self.average = torch.optim.swa_utils.AveragedModel(models, multi_avg_fn=average)
        self.optimizer = torch.optim.AdamW(models.parameters(), lr=rate, weight_decay=decay)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, rate, total_steps=steps, pct_start=0.1
        )

    def step(self, loss: Tensor) -> None:
        """One update."""
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.models.parameters(), 5.0)
        self.optimizer.step()
        self.schedule.step()
        self.average.update_parameters(self.models)

    def take(self) -> nn.Module:
        """The averaged models, ready for use."""
        return self.average.module.eval()


def train_photos(
    head: SemanticHead, bridge: Bridge, imagine: Imagine, m: Material, settings: Settings
) -> tuple[SemanticHead, Bridge]:
    """Stage one; returns the averaged head and bridge."""
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    n, count = settings.batch, len(m.captions_of)
    each = m.captions_of.shape[1]
    scale = nn.Parameter(torch.tensor(math.log(START_SCALE)))
    head.classifier.requires_grad_(requires_grad=False)
    models = nn.ModuleList([head, bridge, nn.ParameterList([scale])])
    run = Averaged(models, settings.rate, settings.decay, settings.epochs * (count // n))
    names = torch.from_numpy(np.array(m.names.taught))
    pairs = n + settings.imagined
    started = time.monotonic()
    for epoch in range(settings.epochs):
        models.eval()
        with torch.no_grad():
            place_anchors(head, bridge(names), m, settings.anchor)
        models.train()
        for rows in rng.permutation(count)[: count // n * n].reshape(-1, n):
            seen = m.views[torch.from_numpy(rng.integers(0, len(m.views), n)), rows].float()
            chance = head.classifier(seen[:, LOWER:]).softmax(dim=-1)
            partner = torch.from_numpy(rng.permutation(n))
            part = torch.from_numpy(rng.beta(settings.mix, settings.mix, n)).float()
            part = torch.maximum(part, 1 - part)[:, None]
            classes = torch.from_numpy(rng.permutation(len(m.names_of))[: settings.imagined])
            imagined = imagine(seen[: len(classes)], classes, rng)
            seen = part * seen + (1 - part) * seen[partner]
            chance = part * chance + (1 - part) * chance[partner]
            chosen = np.array([rng.choice(m.names_of[c]) for c in classes.tolist()])
            photos = torch.cat([head.embed(seen, chance), head(imagined)])
            taught = m.captions.taught[m.captions_of[rows].ravel()]
            texts = bridge(torch.cat([torch.from_numpy(taught), names[chosen]]))
            share = torch.zeros(pairs, len(texts))
            own = torch.arange(n)
            for k in range(each):  # texts of photo i stand at i * each + k
                share[own, own * each + k] += part[:, 0]
                share[own, partner * each + k] += 1 - part[:, 0]
            share[torch.arange(n, pairs), torch.arange(n * each, len(texts))] = 1
            factor = scale.exp().clamp(max=100)
            loss = contrast(factor * photos @ texts.T, share, settings.smooth)
            run.step(loss)
        print(f"photos {epoch + 1} loss {loss.item():.3f} {time.monotonic() - started:.0f} s")
    head, bridge, _ = run.take()
    with torch.no_grad():
        place_anchors(head, bridge(names), m, settings.anchor)
    return head, bridge


def train_texts(
    tower: TextTower,
    photos: Tensor,
    bridge: Bridge,
    m: Material,
    settings: Settings,
    check: Callable[[TextTower], str] | None = None,
) -> TextTower:
    """Stage two; `photos` (views, n, 384) are the embedded views. Returns the averaged tower."""
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed + 1)
    n, count = settings.batch, len(m.captions_of)
    steps = settings.text_epochs * (count // n)
    run = Averaged(tower, settings.text_rate, settings.decay, steps)
    with torch.no_grad():
        goals = bridge(torch.from_numpy(np.array(m.captions.taught)))
        others = Texts(
            np.concatenate([m.spare.ids, m.names.ids]),
            np.concatenate([m.spare.taught, m.names.taught]),
        )
        other_goals = bridge(torch.from_numpy(others.taught))
    started = time.monotonic()
    for epoch in range(settings.text_epochs):
        tower.train()
        for rows in rng.permutation(count)[: count // n * n].reshape(-1, n):
            captions = m.captions_of[rows, rng.integers(0, m.captions_of.shape[1], n)]
            spare = rng.integers(0, len(others.ids), settings.spare)
            nothing = rng.integers(0, len(m.nonsense), settings.nonsense)
            texts = tower(trim(m.captions.ids[captions, :LONGEST], rng, 0.05))
            # Long and short texts run apart: less padding.
            short = np.concatenate([others.ids[spare], m.nonsense[nothing]])[:, :LONGEST]
            rest = tower(trim(short, rng, 0.03))
            seen = photos[torch.from_numpy(rng.integers(0, len(photos), n)), rows]
            share = torch.eye(n, n + settings.nonsense)
            scores = START_SCALE * seen @ torch.cat([texts, rest[settings.spare :]]).T
            to_text = -(share * scores.log_softmax(dim=1)).sum(dim=1).mean()
            to_photo = F.cross_entropy(scores[:, :n].T, torch.arange(n), label_smoothing=0.1)
            out = torch.cat([texts, rest[: settings.spare]])
            goal = torch.cat([goals[captions], other_goals[spare]])
            match = 1 - (out * goal).sum(dim=1).mean()
            loss = 0.5 * (to_text + to_photo) + settings.follow * match
            run.step(loss)
        last = epoch + 1 == settings.text_epochs
        note = check(run.take()) if check and (epoch % 4 == 3 or last) else ""
        print(
            f"texts {epoch + 1} loss {loss.item():.3f} 1-cos {match.item():.3f} "
            f"{time.monotonic() - started:.0f} s {note}",
            flush=True,
        )
    return run.take()
