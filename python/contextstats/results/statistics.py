"""Coefficients, goodness of fit and residuals: what statsmodels' results of a GLM offer, under its names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from contextstats.algorithms.blas import single_threaded_blas
from contextstats.algorithms.joint import CoreFit, CoreProblem, Floats
from contextstats.design import Design
from contextstats.errors import OptionError
from contextstats.families import Family
from contextstats.inference import wald
from contextstats.inference.distributions import two_sided_tail, upper_point
from contextstats.inference.hypothesis import parse_hypothesis
from contextstats.results import residuals
from contextstats.results.estimates import Estimates, mean_slope
from contextstats.results.row_values import RowValues, row_derivatives


@dataclass(frozen=True, eq=False)
class FitStatistics:
    """The numbers of a fit; :class:`contextstats.GLMResults` documents the attributes."""

    design: Design
    family: Family
    fit: CoreFit
    estimates: Estimates
    rows: RowValues
    natural_covariance: Floats
    cov_type: str
    null_mu: Floats
    notes: tuple[str, ...]
    formula_text: str
    context_text: str
    version: str
    family_estimated: bool = False

    # ---- coefficients ----------------------------------------------------------------------------------------

    @cached_property
    def params(self) -> pd.Series:
        """Coefficients; NaN where the data do not identify them."""
        return self._series(self.design.user_map @ self.fit.theta)

    @cached_property
    @single_threaded_blas
    def bse(self) -> pd.Series:
        """Standard errors, from the covariance named by `cov_type`."""
        own = self.design.user_map
        variance = np.einsum("ij,ij->i", own @ self.natural_covariance, own)
        return self._series(np.sqrt(np.maximum(variance, 0.0)))

    @cached_property
    def tvalues(self) -> pd.Series:
        """Coefficients over their standard errors."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return pd.Series(self.params.to_numpy() / self.bse.to_numpy(), index=self.params.index)

    @cached_property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values, from the t distribution where `use_t`, else the normal.

        None (NaN) beside hidden layers that were learned from the same rows.
        """
        values = two_sided_tail(self.tvalues.to_numpy(), self.residual_df)
        return pd.Series(values if self.design.is_honest else np.nan, index=self.params.index)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Wald intervals with coverage 1 - alpha: columns lower and upper."""
        estimate, half = self.params.to_numpy(), upper_point(alpha / 2, self.residual_df) * self.bse.to_numpy()
        limits = np.column_stack([estimate - half, estimate + half])
        return pd.DataFrame(limits, index=self.params.index, columns=["lower", "upper"])

    @single_threaded_blas
    def cov_params(self) -> pd.DataFrame:
        """Covariance of `params`."""
        matrix = self.design.user_map @ self.natural_covariance @ self.design.user_map.T
        matrix[~self.fit.identified, :] = np.nan
        matrix[:, ~self.fit.identified] = np.nan
        return pd.DataFrame(matrix, index=self.params.index, columns=self.params.index)

    @cached_property
    def is_smooth_coef(self) -> np.ndarray:
        """True for basis coefficients of penalised terms, which mean nothing one by one."""
        flags = np.zeros(len(self.fit.theta), dtype=bool)
        for block in self.design.blocks:
            if block.term is not None and len(block.term.penalties):
                flags[block.start : block.stop] = True
        return flags

    @property
    def use_t(self) -> bool:
        """Whether inference uses Student's t: where the scale is estimated in a model with smooth terms."""
        return not self.family.scale_known and len(self.design.penalties) > 0

    @property
    def residual_df(self) -> float | None:
        """Degrees of freedom of Student's t in inference; None where the law is the normal."""
        return self.df_resid if self.use_t else None

    @property
    def theta(self) -> Floats:
        """Coefficients in the core's coordinates; zero where the data do not identify them."""
        return self.fit.theta

    def t_test(self, r_matrix: Any) -> wald.Contrasts:
        """Test linear hypotheses, given as text ("dose = 0, dose - age = 1") or as a matrix, one by one."""
        matrix, value = self._hypothesis(r_matrix)
        theta, covariance = self._finite()
        return wald.t_test(matrix, theta, covariance, value=value, residual_df=self.residual_df)

    def wald_test(self, r_matrix: Any) -> wald.WaldTest:
        """Test linear hypotheses jointly: chi-square, or F where `use_t`."""
        matrix, value = self._hypothesis(r_matrix)
        theta, covariance = self._finite()
        return wald.wald_test(matrix, theta, covariance, value=value, residual_df=self.residual_df)

    # ---- goodness of fit -------------------------------------------------------------------------------------

    @property
    def converged(self) -> bool:
        """Whether the optimizer met its criterion."""
        return self.fit.converged

    @property
    def mle_retvals(self) -> dict[str, Any]:
        """How the optimizer ended, as statsmodels reports it."""
        return {
            "converged": self.fit.converged,
            "iterations": self.fit.iterations,
            "termination": self.fit.termination,
        }

    @property
    def fit_history(self) -> dict[str, Any]:
        """Solver, iterations, evaluations, gradient and reason for stopping."""
        return {
            "solver": self.fit.solver,
            "iterations": self.fit.iterations,
            "evaluations": self.fit.evaluations,
            "gradient_norm": self.fit.gradient_norm,
            "termination": self.fit.termination,
        }

    @cached_property
    def nobs(self) -> float:
        """Observations: the sum of the frequency weights."""
        return float(self.design.freq_weights.sum())

    @property
    def edf(self) -> float:
        """Effective degrees of freedom of the whole model."""
        return float(self.estimates.edf.sum())

    @property
    def edf_by_coefficient(self) -> pd.Series:
        """Effective degrees of freedom of each coefficient, in the core's coordinates."""
        return pd.Series(self.estimates.edf, index=list(self.design.coef_names))

    @property
    def df_resid(self) -> float:
        """Observations minus effective degrees of freedom."""
        return self.nobs - self.edf

    @property
    def df_model(self) -> float:
        """Effective degrees of freedom without the intercept."""
        return self.edf - 1.0

    @property
    def scale(self) -> float:
        """The scale phi."""
        return self.estimates.scale

    @property
    def deviance(self) -> float:
        """Twice the distance to the saturated log-likelihood, at scale one."""
        return self.fit.deviance

    @cached_property
    def null_deviance(self) -> float:
        """Deviance of the model with an intercept and the offset alone."""
        return residuals.deviance_at(self, self.null_mu)

    @property
    def deviance_explained(self) -> float:
        """1 - deviance / null deviance."""
        return 1.0 - self.deviance / self.null_deviance if self.null_deviance > 0 else float("nan")

    @cached_property
    def pearson_chi2(self) -> float:
        """Sum of squared Pearson residuals, frequencies counted."""
        return residuals.pearson_statistic(self)

    @cached_property
    def llf(self) -> float:
        """Log-likelihood at the estimate, constants included.

        As in statsmodels the scale is `scale`, but its maximum likelihood estimate for the Gaussian with identity link.
        """
        gaussian = self.family.core_name == "gaussian" and self.family.link_name == "identity"
        return self._log_likelihood(self.deviance, self.deviance / self.nobs if gaussian else self.scale)

    @cached_property
    def llnull(self) -> float:
        """Log-likelihood of the model with an intercept and the offset alone, at the scale of this model."""
        return self._log_likelihood(self.null_deviance, self.scale)

    @property
    def df_information(self) -> float:
        """Degrees of freedom in `aic` and `bic`: edf corrected for the uncertainty of the smoothing parameters."""
        return float(self.estimates.edf2.sum()) + float(self.family_estimated)

    @property
    def aic(self) -> float:
        """Akaike's criterion. The scale is not counted, as in statsmodels; mgcv counts it."""
        return -2 * self.llf + 2 * self.df_information

    @property
    def bic(self) -> float:
        """Schwarz's criterion from the log-likelihood (statsmodels' `bic_llf`)."""
        return -2 * self.llf + float(np.log(self.nobs)) * self.df_information

    @property
    def criterion(self) -> float:
        """Smoothing criterion at the end."""
        return self.fit.score

    @property
    def criterion_name(self) -> str:
        """REML, ML, GCV, UBRE, fixed or none."""
        if self.fit.smoothing == "gcv":
            return "UBRE" if self.family.scale_known else "GCV"
        return {"reml": "REML", "ml": "ML"}.get(self.fit.smoothing, self.fit.smoothing)

    @property
    def smoothing_parameters(self) -> pd.Series:
        """Smoothing parameters by name, on the scale of mgcv's `sp`."""
        return pd.Series(self.fit.smoothing_parameters, index=list(self.design.penalty_names), dtype=float)

    # ---- rows ------------------------------------------------------------------------------------------------

    @property
    def has_offset(self) -> bool:
        """Whether a row has an offset or an exposure."""
        return bool(np.any(self.design.offset != 0))

    @property
    def fittedvalues(self) -> pd.Series:
        """Fitted means."""
        return self._by_row(self.rows.mu)

    @property
    def linear_predictor(self) -> pd.Series:
        """Linear predictor, offset included."""
        return self._by_row(self.rows.eta)

    @property
    def resid_response(self) -> pd.Series:
        """y - mu."""
        return self._by_row(self.design.y - self.rows.mu)

    @cached_property
    def resid_pearson(self) -> pd.Series:
        """(y - mu) over the root of the variance function, times the root of the prior weight."""
        return self._by_row(residuals.pearson_residuals(self))

    @cached_property
    def resid_deviance(self) -> pd.Series:
        """Signed root of the contribution to the deviance."""
        return self._by_row(residuals.deviance_residuals(self))

    @cached_property
    def resid_working(self) -> pd.Series:
        """(y - mu) deta/dmu."""
        return self._by_row((self.design.y - self.rows.mu) / mean_slope(self.family.link_name, self.rows.eta))

    def resid_quantile(self, seed: int = 0) -> pd.Series:
        """Randomized quantile residuals, standard normal under the model (Dunn and Smyth 1996)."""
        return self._by_row(residuals.quantile_residuals_of(self, seed))

    @cached_property
    def hat_diag(self) -> pd.Series:
        """Leverage of each row, w_i z_i'(Z'WZ + S)^-1 z_i."""
        inverse = self.estimates.conditional / self.estimates.scale
        weight = row_derivatives(self.design, self.family, self.rows.eta).weight
        return self._by_row(weight * CoreProblem.of(self.design, None).quadratic_form(inverse))

    # ---- inside ----------------------------------------------------------------------------------------------

    @cached_property
    def _coef_index(self) -> pd.Index:
        return pd.Index(list(self.design.coef_names))

    def _series(self, values: Floats) -> pd.Series:
        return pd.Series(np.where(self.fit.identified, values, np.nan), index=self._coef_index)

    def _by_row(self, values: Floats) -> pd.Series:
        return pd.Series(values, index=self.design.row_labels)

    def _finite(self) -> tuple[Floats, Floats]:
        return self.params.fillna(0.0).to_numpy(), self.cov_params().fillna(0.0).to_numpy()

    def _hypothesis(self, r_matrix: Any) -> tuple[Floats, Floats | None]:
        if not self.design.is_honest:
            raise OptionError(
                "A test needs hidden layers that were learned from other rows, but honest is False. Leave it out."
            )
        if isinstance(r_matrix, str):
            return parse_hypothesis(r_matrix, list(self.design.coef_names))
        if isinstance(r_matrix, Mapping):
            raise TypeError("r_matrix must be text or an array.")
        return np.atleast_2d(np.asarray(r_matrix, dtype=float)), None

    def _log_likelihood(self, deviance: float, scale: float) -> float:
        half = deviance / (2 * scale) if deviance > 0 else 0.0  # a perfect fit has a scale of zero
        return residuals.saturated_log_likelihood(self, scale) - half
