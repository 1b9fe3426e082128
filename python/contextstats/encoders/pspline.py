"""B-splines on evenly spaced knots: with a difference penalty ("ps") or a derivative penalty ("bs").

Sources: Eilers and Marx (1996), Flexible smoothing with B-splines and penalties, *Statistical Science* 11;
Wood (2017), P-splines with derivative based penalties, *Statistics and Computing* 27.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contextstats.encoders.basis import BasisSpec
from contextstats.encoders.bspline import derivative_root
from contextstats.encoders.column import ContextColumn
from contextstats.encoders.construction import Construction
from contextstats.encoders.knots import WIDENING, evenly_spaced, supported_range
from contextstats.encoders.smooth_options import orders
from contextstats.encoders.terms import Smooth

FloatArray = NDArray[np.float64]


def difference_penalised(smooth: Smooth, column: ContextColumn, label: str) -> Construction:
    """Build a "ps" smooth: the penalty is the sum of squared differences of neighbouring coefficients."""
    degree, order = orders(smooth)
    root = np.diff(np.eye(smooth.k), n=order, axis=0)
    return _construction(_knots(smooth, column, label, degree), degree, column, root, order)


def derivative_penalised(smooth: Smooth, column: ContextColumn, label: str) -> Construction:
    """Build a "bs" smooth: the penalty is the integrated squared derivative between the boundary knots."""
    degree, order = orders(smooth)
    knots = _knots(smooth, column, label, degree)
    return _construction(knots, degree, column, derivative_root(knots, degree, order), order)


def _knots(smooth: Smooth, column: ContextColumn, label: str, degree: int) -> FloatArray:
    low, high = supported_range(smooth, column, label)
    margin = 0.0 if smooth.bounds is not None else WIDENING * (high - low)
    return evenly_spaced(low - margin, high + margin, smooth.k, degree)


def _construction(
    knots: FloatArray, degree: int, column: ContextColumn, root: FloatArray, null_dim: int
) -> Construction:
    basis = BasisSpec(kind="bspline", columns=(column.index,), knots=tuple(knots.tolist()), degree=degree)
    return Construction(basis, np.eye(basis.n_raw), root, null_dim, are_bsplines=True)
