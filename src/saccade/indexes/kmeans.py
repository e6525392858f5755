"""Spherical k-means by faiss: centers as unit rows, deterministic in rows and seed."""

from typing import Any

import numpy as np

from saccade.core.errors import InputError
from saccade.core.types import Embeddings
from saccade.core.vectors import check_embeddings, normalize

_SHORT = 1e-6
"""A center shorter than this has no direction: its rows cancel out."""


class SphericalKMeans:
    """k-means that maximizes the sum of the cosines of rows and their centers; a `core.engines.KMeans`.

    Lloyd's iterations from centers seeded by approximate k-means++ ("Fast and Provably Good Seedings for
    k-Means", Bachem et al. 2016), all rows in every iteration. Fewer than k distinct rows give centers that
    coincide.
    """

    def fit(self, rows: Embeddings, k: int, *, seed: int, iterations: int = 20) -> Embeddings:
        """(k, d) centers as unit rows.

        Args:
            rows: (n, d) unit rows, n >= k; not copied.
            k: at least 1.
        Raises:
            InputError: k below 1 or above n.
            InvalidVectorError: rows that are not embeddings.
        """
        import faiss  # noqa: PLC0415 - takes 0.1 s, not needed for searches

        if not 1 <= k <= len(rows):
            raise InputError(
                f"cannot make {k} clusters of {len(rows)} images",
                hint="use at least one, and no more than there are images",
            )
        dim = rows.shape[1]
        check_embeddings(rows, dim)
        settings: Any = faiss.ClusteringParameters()  # faiss's type stubs are incomplete
        settings.seed = seed % 2**31
        settings.niter = iterations
        settings.spherical = True
        settings.init_method = faiss.ClusteringInitMethod_AFK_MC2
        settings.min_points_per_centroid = 1  # else faiss writes warnings to stderr
        settings.max_points_per_centroid = len(rows)  # else it takes a sample
        clustering: Any = faiss.Clustering(dim, k, settings)
        clustering.train(rows, faiss.IndexFlatIP(dim))
        centers = faiss.vector_to_array(clustering.centroids).reshape(k, dim)
        lost = np.linalg.norm(centers, axis=1) < _SHORT
        return normalize(np.where(lost[:, None], rows[0], centers))
