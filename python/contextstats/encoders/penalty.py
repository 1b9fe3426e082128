"""The scale of penalties, and the penalty on what a smoothness penalty leaves free."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def comparable_scale(root: FloatArray, row_norm: float) -> float:
    """Return the factor that puts a penalty on the scale of the data, as mgcv does.

    Parameters
    ----------
    root : (r, k) array
        R, with penalty S = R'R.
    row_norm : float
        Largest sum of absolute values over a row of the model matrix X.

    Returns
    -------
    float
        The square of `row_norm` over the largest absolute column sum of S. A smoothing parameter multiplies S
        times this factor, so its meaning does not depend on the units of the context.
    """
    return row_norm**2 / float(np.abs(root.T @ root).sum(axis=0).max())


def with_null_space(penalties: FloatArray, labels: tuple[str, ...], label: str) -> tuple[FloatArray, tuple[str, ...]]:
    """Add a penalty of 1 on the coordinates that no other penalty touches; nothing if there are none.

    Source: Marra and Wood (2011), Practical variable selection for generalized additive models,
    *Computational Statistics & Data Analysis* 55.
    """
    free = (penalties == 0).all(axis=0)
    if not free.any():
        return penalties, labels
    return np.vstack([penalties, free.astype(float)]), (*labels, f"{label}:null")
