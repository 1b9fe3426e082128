"""What a fit says about new data, without the rows it was fitted to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pandas as pd

from contextstats.algorithms.joint import Floats
from contextstats.design import Design
from contextstats.families import Family
from contextstats.results import effects, prediction, serialize

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults

    Fitted: TypeAlias = "GLMResults | Predictor"


@dataclass(frozen=True, eq=False)
class Predictor:
    """The part of a fit that new data need: small, free of the data, and exact.

    Its answers are those of the results it came from, to the last bit. It can be given away where the data cannot.

    Attributes
    ----------
    design : Design
        Terms and recipe; it holds no rows.
    family : Family
        With its parameter.
    theta, natural_covariance : (P,) and (P, P) array
        Coefficients and their covariance in the core's coordinates.
    residual_df : float or None
        Degrees of freedom of Student's t; None for the normal distribution.
    has_offset : bool
        Whether the fit had an offset or an exposure.

    Examples
    --------
    >>> import numpy as np, pandas as pd, contextstats as cs
    >>> rng = np.random.default_rng(1)
    >>> df = pd.DataFrame({"dose": rng.normal(size=400), "age": rng.uniform(20, 80, 400)})
    >>> df["y"] = rng.poisson(np.exp(0.3 + 0.01 * df.age * df.dose))
    >>> res = cs.glm("y ~ dose", context="s(age)", data=df, family="poisson").fit()
    >>> new = pd.DataFrame({"dose": [0.5], "age": [40.0]})
    >>> bool((res.predictor().predict(new) == res.predict(new)).all())
    True
    """

    design: Design
    family: Family
    theta: Floats
    natural_covariance: Floats
    residual_df: float | None
    has_offset: bool

    @classmethod
    def of(cls, res: GLMResults) -> Predictor:
        """Take it out of the results of a fit."""
        return cls(
            design=res.design.without_rows(),
            family=res.family,
            theta=res.theta,
            natural_covariance=res.natural_covariance,
            residual_df=res.residual_df,
            has_offset=res.has_offset,
        )

    def predict(
        self,
        newdata: Any,
        *,
        type: Literal["response", "link"] = "response",  # noqa: A002  # the field's word
        offset: Any = None,
        exposure: Any = None,
    ) -> pd.Series:
        """Predicted means, or linear predictors."""
        return prediction.predict(self, newdata, type, offset, exposure)

    def get_prediction(self, newdata: Any, *, offset: Any = None, exposure: Any = None) -> prediction.Prediction:
        """Predictions with standard errors."""
        return prediction.get_prediction(self, newdata, offset, exposure)

    def design_matrix(self, newdata: Any) -> pd.DataFrame:
        """Rows whose product with `params` is the linear predictor without its offset; one column a coefficient."""
        return prediction.design_matrix(self, newdata)

    def coefficients(
        self,
        context: Any,
        *,
        level: float = 0.95,
        simultaneous: bool = False,
        terms: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """beta_j(c) with standard errors and bands; see :meth:`contextstats.GLMResults.coefficients`."""
        contexts, labels = effects.new_contexts(self, context)
        return effects.coefficients_table(self, contexts, labels, level=level, simultaneous=simultaneous, terms=terms)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON: data only; `contextstats.load` reads it.

        Raises
        ------
        DataError
            If the formula uses functions that plain data cannot describe.
        """
        self.design.recipe.check_saveable()
        serialize.save(self, path)
