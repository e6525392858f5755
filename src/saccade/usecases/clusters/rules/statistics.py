"""Means of groups that can be compared: drawn together, tested, corrected. Formulas on arrays."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMeans:
    """Sizes, means and variances (n - 1 below; 0 for a single value) of g groups, all (g,)."""

    count: NDArray[np.int64]
    mean: Numbers
    variance: Numbers


def group_means(values: Numbers, groups: NDArray[np.int64], number: int) -> GroupMeans:
    """Of each group 0, 1, ..., number - 1; NaN as mean of a group without values."""
    count = np.bincount(groups, minlength=number)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(groups, weights=values, minlength=number) / count
    apart = np.square(values - mean[groups])
    variance = np.bincount(groups, weights=apart, minlength=number) / np.maximum(count - 1, 1)
    return GroupMeans(count=count.astype(np.int64), mean=mean, variance=variance)


def drawn_together(groups: GroupMeans) -> Numbers:
    """(g,) each mean drawn towards the common one, the more the less it can be relied on.

    Empirical Bayes for normal means: mean_i -> m + B_i (mean_i - m), B_i = t / (t + s / n_i), with s the
    variance within groups, pooled, and t the variance between them by moments ("Meta-analysis in clinical
    trials", DerSimonian and Laird 1986). Groups that differ no more than chance all get the common mean.
    """
    count = groups.count.astype(np.float64)
    has = count > 0
    freedom = float(np.maximum(count - 1, 0).sum())
    if has.sum() < 2 or freedom <= 0:
        return np.where(has, groups.mean, np.nan)
    within = float((np.maximum(count - 1, 0) * groups.variance).sum()) / freedom
    if within <= 0:
        return np.where(has, groups.mean, np.nan)
    weight = count[has] / within
    mean = groups.mean[has]
    fixed = float((weight * mean).sum() / weight.sum())
    heterogeneity = float((weight * np.square(mean - fixed)).sum())
    scale = float(weight.sum() - np.square(weight).sum() / weight.sum())
    between = max(0.0, (heterogeneity - (len(mean) - 1)) / scale) if scale > 0 else 0.0
    precision = 1.0 / (between + 1.0 / weight)
    common = float((precision * mean).sum() / precision.sum())
    drawn = np.full(len(count), np.nan)
    drawn[has] = common + between / (between + 1.0 / weight) * (mean - common)
    return drawn


def welch(a: GroupMeans, b: GroupMeans) -> tuple[Numbers, Numbers]:
    """Statistics t and degrees of freedom of the differences of means; NaN where a side has one value.

    "The generalization of 'Student's' problem", Welch 1947: the variances may differ. Where nothing varies
    at all, equal means give t = 0 and others an infinite t.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = a.variance / a.count, b.variance / b.count
        both = first + second
        t = (a.mean - b.mean) / np.sqrt(both)
        freedom = np.square(both) / (np.square(first) / (a.count - 1) + np.square(second) / (b.count - 1))
    still = both == 0
    t = np.where(still & (a.mean == b.mean), 0.0, t)
    freedom = np.where(still, a.count + b.count - 2.0, freedom)
    few = (a.count < 2) | (b.count < 2)
    return np.where(few, np.nan, t), np.where(few, np.nan, freedom)


def holm(p_values: Numbers) -> Numbers:
    """(g,) p-values corrected for looking at all of them; NaN stays and counts as no look.

    "A simple sequentially rejective multiple test procedure", Holm 1979: below the level only if the
    chance that any one of them is there wrongly stays below it.
    """
    told = np.flatnonzero(~np.isnan(p_values))
    order = told[np.argsort(p_values[told], kind="stable")]
    stepped = p_values[order] * np.arange(len(order), 0, -1)
    corrected = np.full(len(p_values), np.nan)
    corrected[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return corrected
