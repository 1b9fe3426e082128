"""The coordinates in which mgcv sets a smooth up."""

from __future__ import annotations

import numpy as np

from contextstats.inference._linalg import Floats


def set_up_coordinates(transform: Floats, constraint: Floats, constant: Floats) -> tuple[Floats, Floats]:
    r"""Express a smooth with one linear constraint in the natural coordinates of the same smooth.

    mgcv keeps the raw coefficients of a basis, reflected by a Householder matrix H so that the constraint
    r'(raw) = 0 drops one of them: raw = Z w, with Z the columns of H but the first that r touches. The
    function that w stands for is a constant plus a function with this package's constraint,

    .. math:: b(c)^T Z w = s^T w + b(c)^T T (V w)

    A frame for :func:`~contextstats.inference.smoothing_uncertainty.corrected_covariance` is the identity
    matrix with V in the block of each such smooth, and s in the row of its predictor's constant at the
    columns of that block.

    Parameters
    ----------
    transform : (n_raw, n_raw - 1) array
        T, from natural to raw coefficients.
    constraint : (n_raw,) array
        r: column means of the raw basis for a centred smooth, the basis at a point for one that is zero
        there.
    constant : (n_raw,) array
        Raw coefficients of the constant function; all one for B-splines.

    Returns
    -------
    shift : (n_raw - 1,) array
        s.
    turn : (n_raw - 1, n_raw - 1) array
        V.

    Raises
    ------
    ValueError
        If the smooth has more than one constraint.
    numpy.linalg.LinAlgError
        If the smooth contains the constant function.

    References
    ----------
    Wood (2017), *Generalized Additive Models*, 2nd edition, section 5.4.1.
    """
    n_raw, size = transform.shape
    if size != n_raw - 1:
        raise ValueError(f"A smooth with one constraint has {n_raw - 1} natural coordinates, but this one {size}.")
    first = int(np.argmax(constraint != 0))
    direction = constraint.astype(np.float64)
    direction[first] += np.copysign(np.linalg.norm(constraint), constraint[first])
    reflection = np.eye(n_raw) - 2 * np.outer(direction, direction) / (direction @ direction)
    kept = np.delete(reflection, first, axis=1)
    solution = np.asarray(np.linalg.solve(np.column_stack([constant, transform]), kept), dtype=np.float64)
    return solution[0], solution[1:]
