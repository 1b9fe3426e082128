"""A matrix of data whose columns stay where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contextstats.design.columns import Floats, lay_out


@dataclass(frozen=True, eq=False)
class Columns:
    """A matrix whose columns lie wherever they are, so that those of a data frame need not be copied.

    It is indexed as an array is: `x[:, 2]` is a column, as it lies; `x[rows]`, `x[:, [0, 2]]` and `np.asarray(x)` are
    new arrays, columns first. The core reads it as it is.

    Attributes
    ----------
    parts : tuple of p (n,) arrays
        The columns, none of them with gaps.
    n : int
        Number of rows.
    """

    parts: tuple[Floats, ...]
    n: int

    @classmethod
    def of(cls, matrix: Floats) -> Columns:
        """The columns of an (n, p) array, columns first."""
        return cls(tuple(matrix[:, k] for k in range(matrix.shape[1])), len(matrix))

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return self.n, len(self.parts)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, key: Any) -> Floats:
        rows, which = key if isinstance(key, tuple) else (key, slice(None))
        if isinstance(which, int | np.integer):
            return np.asarray(self.parts[which][rows])
        chosen = self.parts[which] if isinstance(which, slice) else tuple(self.parts[k] for k in which)
        if isinstance(rows, int | np.integer):
            return np.array([part[rows] for part in chosen])
        picked = Columns(chosen, self.n).take(rows)
        return lay_out(picked.parts, picked.n)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("Columns lie apart from each other: an array of them is a copy.")
        return self[:].astype(dtype or np.float64, copy=False)

    def take(self, rows: Any) -> Columns:
        """Some of the rows, as an array is indexed by them."""
        parts = tuple(part[rows] for part in self.parts)
        return Columns(parts, parts[0].size if parts else np.empty(self.n, dtype=np.bool_)[rows].size)


Matrix = Floats | Columns
