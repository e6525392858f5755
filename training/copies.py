"""Train the copy head: a photo and its edits together, all other photos apart."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.heads import COPY_DIM, CopyHead

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Edited:
    """One view of all training photos: `pooled` (n, 3504), coded cells of stages 5 and 7."""

    pooled: NDArray[np.float16]
    middle: NDArray[np.uint8]
    top: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Codes:
    """A coded map is (code - zero) * step."""

    middle: tuple[float, int]
    top: tuple[float, int]

    def decode(self, parts: list[tuple[NDArray, NDArray, NDArray]]) -> tuple[Tensor, ...]:
        """Rows of pooled, middle and top -> the three float inputs of the head."""
        pooled, middle, top = (torch.from_numpy(np.stack(p)) for p in zip(*parts, strict=True))
        (step5, zero5), (step7, zero7) = self.middle, self.top
        return pooled.float(), (middle.float() - zero5) * step5, (top.float() - zero7) * step7


def discriminate(head: CopyHead, clean: Edited, views: list[Edited], ridge: float = 0.03) -> None:
    """Start `head` as a linear discriminant analysis of the standardized pooled statistics.

    Every photo is a class, its views the samples: the 256 directions w that maximize
    (w' B w) / (w' (W + ridge * mean variance) w), B between and W within photos (Fisher 1936).
    """
    head.standardize.fit(torch.from_numpy(clean.pooled.astype(np.float32)))
    mean = torch.zeros(clean.pooled.shape)
    within = torch.zeros(clean.pooled.shape[1], clean.pooled.shape[1])
    for view in (clean, *views):
        mean += head.standardize(torch.from_numpy(view.pooled.astype(np.float32)))
    mean /= len(views) + 1
    for view in (clean, *views):
        rest = head.standardize(torch.from_numpy(view.pooled.astype(np.float32))) - mean
        within += rest.T @ rest / (len(mean) * (len(views) + 1))
    within += ridge * within.trace() / len(within) * torch.eye(len(within))
    root = torch.linalg.cholesky(within)
    inverse = torch.linalg.solve_triangular(root, torch.eye(len(within)), upper=False)
    between = inverse @ torch.cov(mean.T) @ inverse.T
    power, vectors = torch.linalg.eigh(between)
    chosen = inverse.T @ vectors[:, -COPY_DIM:] / power[-COPY_DIM:] ** 0.25
    with torch.no_grad():
        scale = (mean @ chosen).std()
        weight = head.hidden.weight
        weight[:COPY_DIM] = 0
        weight[:COPY_DIM, : len(within)] = (chosen / scale).T
        head.hidden.bias[:COPY_DIM] = -(mean.mean(dim=0) @ chosen) / scale


def spread(rows: Tensor) -> Tensor:
    """KoLeo: minus the mean log distance to the nearest other row (Sablayrolles et al. 2019).

    It fills the sphere evenly, so that one threshold fits all photos (SSCD, Pizzi et al. 2022).
    """
    with torch.no_grad():
        alike = rows @ rows.T
        alike.fill_diagonal_(-2)
        nearest = alike.argmax(dim=1)
    return -(rows - rows[nearest]).norm(dim=1).clamp(min=1e-4).log().mean()


def copy_loss(out: Tensor, batch: int, sharpness: float, weight: float) -> Tensor:
    """Each photo's rows (i, i + batch, i + 2 batch ...) attract; all others repel.

    For each pair of like rows: softplus(logsumexp over unlike rows - score), which is InfoNCE in
    which other positives do not compete, plus `weight` times `spread` of the plain rows.
    """
    same = torch.arange(len(out)) % batch
    alike = same[:, None] == same[None, :]
    itself = torch.eye(len(out), dtype=torch.bool)
    scores = out @ out.T / sharpness
    others = scores.masked_fill(alike, -1e4).logsumexp(dim=1, keepdim=True)
    return F.softplus(others - scores)[alike & ~itself].mean() + weight * spread(out[:batch])


def train_copies(
    head: CopyHead,
    clean: Edited,
    views: list[Edited],
    codes: Codes,
    epochs: int,
    seed: int = 0,
    batch: int = 512,
    sharpness: float = 0.05,
    weight: float = 0.3,
    rate: float = 5e-4,
    check: Callable[[CopyHead], str] | None = None,
) -> CopyHead:
    """Train on the plain photos and two of their `views` at a time; return averaged weights."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    averaged = torch.optim.swa_utils.AveragedModel(
        head, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.97)
    )
    count = len(clean.pooled)
    steps = epochs * (count // batch)
    optimizer = torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    sources = [clean, *views]
    started = time.monotonic()
    for epoch in range(epochs):
        head.train()
        for rows in rng.permutation(count)[: count // batch * batch].reshape(-1, batch):
            picks = np.stack([rng.permutation(len(views))[:2] + 1 for _ in rows], axis=1)
            picks = np.concatenate([np.zeros(batch, int), *picks])
            parts = [
                (sources[v].pooled[r], sources[v].middle[r], sources[v].top[r])
                for v, r in zip(picks, np.tile(rows, 3), strict=True)
            ]
            loss = copy_loss(head(*codes.decode(parts)), batch, sharpness, weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            averaged.update_parameters(head)
        if check and (epoch % 3 == 2 or epoch + 1 == epochs):
            note = check(averaged.module.eval())
            print(
                f"copy epoch {epoch + 1} loss {loss.item():.3f} {time.monotonic() - started:.0f} s {note}",
                flush=True,
            )
    return averaged.module.eval()
