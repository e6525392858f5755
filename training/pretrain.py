"""Teach the small text tower to place texts where the teacher does, before any photo is seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from training.semantic import Texts, trim
from training.text import PAD, TextTower

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 2e-3


def pretrain(tower: TextTower, texts: Texts, epochs: int, seed: int, batch: int = 512) -> None:
    """Train `tower` in place: cosine to the teacher's embedding, and its rank within the batch."""
    rng = np.random.default_rng(seed)
    lengths: NDArray[np.int64] = (texts.ids != PAD).sum(axis=1)
    steps = epochs * (len(texts.ids) // batch)
    optimizer = torch.optim.AdamW(tower.parameters(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.1)
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
            loss = 5 * match + F.cross_entropy(20 * out @ goal.T, torch.arange(batch))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            done += 1
            if done % 50 == 0:
                seconds = time.monotonic() - started
                print(f"pretrain {done}/{steps} 1-cos {match.item():.3f} {seconds:.0f} s", flush=True)
