"""Results of a contextual GLM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from contextstats.algorithms.joint import Floats
from contextstats.results import diagnostics, effects, prediction, resampling, serialize, summary, tidy
from contextstats.results.context_moments import ContextMoments
from contextstats.results.heterogeneity import PopulationTest, heterogeneity_table, test_population
from contextstats.results.predictor import Predictor
from contextstats.results.statistics import FitStatistics

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class GLMResults(FitStatistics):
    """A fitted contextual GLM: values only, no model, no pointer into the core.

    Attributes
    ----------
    design : Design
        Data and terms of the fit, after missing rows were dropped.
    family : Family
        With its parameter, where that was estimated.
    fit : CoreFit
        What the core found, in natural coordinates.
    estimates : Estimates
        Scale, covariances and degrees of freedom, in natural coordinates.
    rows : RowValues
        Linear predictor, mean and weight of each row.
    natural_covariance : (P, P) array
        Covariance of the natural coefficients, of type `cov_type`.
    cov_type : str
        How `natural_covariance` was estimated.
    null_mu : (n,) array
        Means of the model with an intercept and the offset alone.
    notes : tuple of str
        What the user should know, in sentences; printed under the summary.
    formula_text, context_text : str
        The model as it was written.
    version : str
        Version of contextstats that made the fit.
    family_estimated : bool
        Whether the family's parameter (the negative binomial's alpha) was estimated; it then counts in `aic`.
    """

    # ---- effects of context ----------------------------------------------------------------------------------

    @property
    def varying(self) -> list[tuple[str, str]]:
        """(predictor, context) pairs for which the effect of the predictor may vary with the context."""
        return diagnostics.varying_pairs(self)

    def coefficients(
        self,
        context: Any = None,
        *,
        level: float = 0.95,
        simultaneous: bool = False,
        terms: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """beta_j(c) with standard errors and bands, at the rows of the fit or at new contexts.

        Parameters
        ----------
        context : data frame or mapping, optional
            Contexts, one row each. Default: those of the fit.
        level : float
            Coverage, pointwise; of all rows together if `simultaneous`.
        terms : sequence of str, optional
            Predictors; default all.

        Returns
        -------
        DataFrame
            Columns row, term, estimate, std_error, conf_low, conf_high.
        """
        contexts, labels = effects.new_contexts(self, context)
        return effects.coefficients_table(self, contexts, labels, level=level, simultaneous=simultaneous, terms=terms)

    def coefficient_array(self, context: Any = None) -> Floats:
        """beta_j(c_i) as an (n, p) array."""
        return effects.coefficient_array(self, effects.new_contexts(self, context)[0])

    def curve(
        self, predictor: str, context: str, *, n: int = 100, level: float = 0.95, simultaneous: bool = False
    ) -> pd.DataFrame:
        """beta of one predictor along one context, other contexts at their median or most frequent level."""
        return effects.curve(self, predictor, context, n=n, level=level, simultaneous=simultaneous)

    def average_effects(self, *, level: float = 0.95) -> pd.DataFrame:
        """Average of each beta_j(c) over the rows of the fit."""
        return effects.average_effects_table(self, level)

    def heterogeneity(self) -> pd.DataFrame:
        """Does each effect vary, with which context, and how much of its variance does that context explain.

        Returns
        -------
        DataFrame
            Columns predictor, context, edf, ref_df, statistic, p_value (Wald test of the term, Wood 2013), share (of
            the variance of beta_j over the rows), score_statistic, score_p_value (variance-component score test).
        """
        return heterogeneity_table(self, self.context_moments)

    def test_population(self) -> PopulationTest:
        """Omnibus test of the population model, in which no coefficient varies."""
        return test_population(self)

    @cached_property
    def context_moments(self) -> ContextMoments:
        """Moments of the basis columns of the terms of context over the rows of the fit."""
        return ContextMoments.of(self.design)

    # ---- diagnostics -----------------------------------------------------------------------------------------

    def concurvity(self) -> pd.DataFrame:
        """How far each term can be imitated by the others: worst, observed and estimate, between 0 and 1."""
        return diagnostics.concurvity_table(self.design, self.fit.theta)

    def k_check(self, *, seed: int = 0) -> pd.DataFrame:
        """Is the basis of each smooth rich enough: k', edf, k-index and its permutation p-value."""
        return diagnostics.k_check_table(self.design, self.resid_deviance.to_numpy(), self.estimates.edf, seed)

    # ---- prediction ------------------------------------------------------------------------------------------

    def predict(
        self,
        newdata: Any = None,
        *,
        type: Literal["response", "link"] = "response",  # noqa: A002  # the field's word
        offset: Any = None,
        exposure: Any = None,
    ) -> pd.Series:
        """Predicted means, or linear predictors, for new data (default: the rows of the fit)."""
        return prediction.predict(self, newdata, type, offset, exposure)

    def get_prediction(self, newdata: Any = None, *, offset: Any = None, exposure: Any = None) -> prediction.Prediction:
        """Predictions with standard errors; `.summary_frame()` flags contexts outside the training range."""
        return prediction.get_prediction(self, newdata, offset, exposure)

    def design_matrix(self, newdata: Any = None) -> pd.DataFrame:
        """Rows whose product with `params` is the linear predictor without its offset; one column a coefficient."""
        return prediction.design_matrix(self, newdata)

    def predictor(self) -> Predictor:
        """What new data need, without the rows of the fit: it predicts the same, and is small when saved."""
        return Predictor.of(self)

    def simulate(self, n: int = 1, *, seed: int | None = None) -> pd.DataFrame:
        """New responses drawn from the fitted distribution, one column a draw."""
        return resampling.simulate(self, n, seed)

    def bootstrap(
        self,
        n: int = 200,
        *,
        kind: resampling.Kind = "parametric",
        seed: int | None = None,
        n_jobs: int | None = None,
        progress: bool | Callable[[int, int], None] = False,
    ) -> resampling.BootstrapResults:
        """Refit to simulated responses ("parametric") or to resampled rows ("cases")."""
        return resampling.bootstrap(self, n, kind=kind, seed=seed, n_jobs=n_jobs, progress=progress)

    # ---- tables, plots, files --------------------------------------------------------------------------------

    def summary(self, *, alpha: float = 0.05) -> Any:
        """Parametric coefficients, varying effects, notes: a statsmodels Summary."""
        return summary.summary(self, alpha=alpha)

    def to_html(self) -> str:
        """The summary as HTML."""
        return summary.to_html(self)

    def to_latex(self) -> str:
        """The summary as LaTeX."""
        return summary.to_latex(self)

    def to_markdown(self) -> str:
        """The summary as Markdown tables."""
        return summary.to_markdown(self)

    def tidy(self, **options: Any) -> pd.DataFrame:
        """One row a term, with broom's columns."""
        return tidy.tidy(self, **options)

    def glance(self) -> pd.DataFrame:
        """One row for the model."""
        return tidy.glance(self)

    def augment(self, **options: Any) -> pd.DataFrame:
        """The data with fitted values and residuals."""
        return tidy.augment(self, **options)

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Coefficients for the package maketables."""
        return tidy.maketables_coef_table(self)

    @property
    def __maketables_depvar__(self) -> str:
        """Response for the package maketables."""
        return tidy.maketables_depvar(self)

    def __maketables_stat__(self, key: str) -> Any:
        """A statistic for the package maketables, by its key."""
        return tidy.maketables_stat(self, key)

    def plot(self, **options: Any) -> Figure:
        """One panel for each varying coefficient."""
        from contextstats import plotting

        figure: Figure = plotting.plot(self, **options)
        return figure

    def plot_heterogeneity(self, **options: Any) -> Figure:
        """Shares and p-values of the terms."""
        from contextstats import plotting

        figure: Figure = plotting.plot_heterogeneity(self, **options)
        return figure

    def plot_diagnostics(self, **options: Any) -> Figure:
        """Quantile residuals and fitted values."""
        from contextstats import plotting

        figure: Figure = plotting.plot_diagnostics(self, **options)
        return figure

    def report(self, path: Any, **options: Any) -> Any:
        """Write one self-contained HTML page."""
        from contextstats import reporting

        return reporting.report(self, path, **options)

    def save(self, path: Any) -> None:
        """Write the results as JSON: data only.

        Raises
        ------
        DataError
            If the formula uses functions that plain data cannot describe.
        """
        self.design.recipe.check_saveable()
        serialize.save(self, path)
