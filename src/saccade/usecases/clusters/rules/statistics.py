"""Compares means of groups: shrinkage, tests, correction for multiple tests. Formulas on arrays."""

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
    """Means of groups 0, 1, ..., number - 1; NaN for a group without values."""
    count = np.bincount(groups, minlength=number)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(groups, weights=values, minlength=number) / count
    apart = np.square(values - mean[groups])
    variance = np.bincount(groups, weights=apart, minlength=number) / np.maximum(count - 1, 1)
    return GroupMeans(count=count.astype(np.int64), mean=mean, variance=variance)


def rest_means(values: Numbers, own: GroupMeans) -> GroupMeans:
    """Of each group, the means of all values outside it."""
    count = len(values) - own.count
    center = float(values.mean())  # keeps sums of squares precise
    offset = np.nan_to_num(own.mean - center)
    sums = offset * own.count
    squares = own.variance * np.maximum(own.count - 1, 0) + np.square(offset) * own.count
    total = float(np.square(values - center).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = -sums / count
        spread = np.maximum(total - squares - count * np.square(mean), 0.0)
    variance = np.where(count > 1, spread / np.maximum(count - 1, 1), 0.0)
    return GroupMeans(count=count, mean=mean + center, variance=variance)


def shrunk(groups: GroupMeans) -> Numbers:
    """(g,) each mean shrunk toward the overall one, less reliable means more.

    Empirical Bayes for normal means: mean_i -> m + B_i (mean_i - m), B_i = t / (t + s / n_i), with s the
    variance within groups, pooled, and t the variance between them by moments ("Meta-analysis in clinical
    trials", DerSimonian and Laird 1986). If groups differ no more than by chance, all get the overall mean.
    """
    count = groups.count.astype(np.float64)
    has = count > 0
    freedom = float(np.maximum(count - 1, 0).sum())
    if has.sum() < 2 or freedom <= 0:
        return np.where(has, groups.mean, np.nan)
    within = float((np.maximum(count - 1, 0) * groups.variance).sum()) / freedom
    if within <= 0:
        return np.where(has, groups.mean, np.nan)
    size, mean = count[has], groups.mean[has]
    total = float(size.sum())
    fixed = float((size * mean).sum()) / total
    apart = float((size * np.square(mean - fixed)).sum())
    between = max(0.0, (apart - (len(mean) - 1) * within) / (total - float(np.square(size).sum()) / total))
    means = np.full(len(count), np.nan)
    if between == 0:
        means[has] = fixed
        return means
    trust = between / (between + within / size)  # B_i, also proportional to each mean's precision
    common = float((trust * mean).sum() / trust.sum())
    means[has] = common + trust * (mean - common)
    return means


def welch(a: GroupMeans, b: GroupMeans) -> tuple[Numbers, Numbers]:
    """Statistics t and degrees of freedom of the differences of means; NaN where a side has one value.

    "The generalization of 'Student's' problem", Welch 1947: the variances may differ. Without any variance,
    equal means give t = 0 and unequal ones an infinite t.
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
    """(g,) p-values corrected for testing all of them; NaN stays NaN and does not count as a test.

    "A simple sequentially rejective multiple test procedure", Holm 1979: the probability that any of those
    below a level is there by chance stays below that level.
    """
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    stepped = p_values[order] * np.arange(len(order), 0, -1)
    corrected = np.full(len(p_values), np.nan)
    corrected[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return corrected
