"""Generalized linear models whose coefficients are functions of context."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal

from contextstats._version import __version__
from contextstats.algorithms.blas import single_threaded_blas
from contextstats.algorithms.joint import (
    CoreProblem,
    Method,
    Smoothing,
    fit_with_rows,
)
from contextstats.algorithms.learned_design import learned_design
from contextstats.design import Design, build_design_from_arrays, build_design_from_formula
from contextstats.errors import OptionError
from contextstats.families import Family, resolve_family
from contextstats.models.progress import LEARNING, Progress, listener
from contextstats.results import GLMResults
from contextstats.results.estimates import (
    Information,
    estimate,
    null_mean,
)
from contextstats.results.notes import fit_notes
from contextstats.results.robust import choose_covariance
from contextstats.results.row_values import row_values
from contextstats.results.separation import separated_rows, with_runaway_error

STEP = "iteration {:3d}  criterion {:.8g}  gradient {:.2e}"
ROBUST = ("HC0", "HC1", "HC2", "HC3", "cluster")
ContextSpec = str | Mapping[str, str] | None


class ContextualGLM:
    r"""A generalized linear model whose coefficients depend on context.

    .. math:: g(E[y]) = \mathrm{offset} + \sum_j x_j \beta_j(c), \qquad
              \beta_j(c) = a_j + \sum_k f_{jk}(c_k)

    Each :math:`f_{jk}` is centred over the rows of the fit. Without context it is an ordinary GLM.

    Parameters
    ----------
    endog : array-like
        Response: (n,), or (n, 2) counts of successes and failures for the binomial family.
    exog : array-like, (n, p)
        Predictors; add the constant yourself, as in statsmodels.
    context : array-like, (n, d), optional
        Contexts; categorical columns of a data frame become factors.
    encoder : Encoder, str or dict, optional
        How effects depend on the contexts: ``Constant()``, ``Linear()``, ``Additive(k=10)`` (default where there are
        contexts), ``MLP(width=16)``, ``NeuralAdditive(width=8)``; or a context formula as in :meth:`from_formula`,
        "s(age) + center", of columns of `context`, or a dict that gives one to each predictor that varies.
    family : str, Family or statsmodels family
        "gaussian", "binomial", "poisson", "gamma", "inverse_gaussian", "negative_binomial", "tweedie".
    offset, exposure : array-like, optional
        Added to the linear predictor, `exposure` as its logarithm.
    freq_weights : array-like, optional
        How often each row was seen: a weight of two is the row twice.
    var_weights : array-like, optional
        Each row's variance is phi V(mu) / weight.
    missing : {"drop", "raise"}
        What to do with rows that have missing values; dropped rows are counted in the summary.

    Raises
    ------
    DataError
        If the data cannot be used: the message says what must hold, what was found, in which row.
    FormulaError, OptionError
        If the specification has no meaning.

    References
    ----------
    Hastie and Tibshirani (1993), Varying-coefficient models. JRSS B 55, 757-796.
    Wood (2017), *Generalized Additive Models*, 2nd edition.

    Examples
    --------
    >>> import numpy as np, contextstats as cs
    >>> rng = np.random.default_rng(1)
    >>> age, dose = rng.uniform(20, 80, 500), rng.normal(size=500)
    >>> y = 1 + dose * np.sin(age / 15) + rng.normal(size=500)
    >>> model = cs.ContextualGLM(y, np.column_stack([np.ones(500), dose]), age)
    >>> model.fit().converged
    True
    """

    def __init__(
        self,
        endog: Any,
        exog: Any,
        context: Any = None,
        *,
        encoder: Any = None,
        family: Any = "gaussian",
        offset: Any = None,
        exposure: Any = None,
        freq_weights: Any = None,
        var_weights: Any = None,
        missing: Literal["drop", "raise"] = "drop",
    ) -> None:
        self.family: Family = resolve_family(family)

        def build(select: bool) -> Design:
            return build_design_from_arrays(
                endog,
                exog,
                context,
                encoder,
                self.family,
                offset=offset,
                exposure=exposure,
                freq_weights=freq_weights,
                var_weights=var_weights,
                missing=missing,
                select=select,
            )

        self._set_up(build, "", _encoder_text(encoder))

    @classmethod
    def from_formula(
        cls,
        formula: str,
        context: ContextSpec = None,
        data: Any = None,
        *,
        family: Any = "gaussian",
        offset: Any = None,
        exposure: Any = None,
        freq_weights: Any = None,
        var_weights: Any = None,
        missing: Literal["drop", "raise"] = "drop",
    ) -> ContextualGLM:
        """Specify the model by formulas.

        Parameters
        ----------
        formula : str
            Response and predictors, "y ~ dose + sex"; an intercept is included by the usual rule.
        context : str or dict, optional
            What the coefficients depend on: "s(age) + center" for every predictor, or one such text for each predictor,
            {"dose": "s(age)", "Intercept": "s(age) + s(bmi)"}; predictors that are not named are constant.
        data : data frame or dict
            pandas, polars, pyarrow, or anything narwhals reads.
        offset, exposure, freq_weights, var_weights : str or array-like, optional
            A column of `data`, or values.
        """
        model = cls.__new__(cls)
        model.family = resolve_family(family)

        def build(select: bool) -> Design:
            return build_design_from_formula(
                formula,
                context,
                data,
                model.family,
                offset=offset,
                exposure=exposure,
                freq_weights=freq_weights,
                var_weights=var_weights,
                missing=missing,
                select=select,
            )

        model._set_up(build, formula, _context_text(context))
        return model

    @classmethod
    def of_design(cls, design: Design, family: Family) -> ContextualGLM:
        """Make a model of a design that is complete and checked, as the equations of a network are."""
        model = cls.__new__(cls)
        model.family = family
        model._set_up(lambda _: design, "", "")
        return model

    def _set_up(self, build: Callable[[bool], Design], formula_text: str, context_text: str) -> None:
        self._build = build
        self._formula_text = formula_text
        self._context_text = context_text
        self._designs = {False: build(False)}

    def design(self, *, select: bool = False) -> Design:
        """Return the data and terms of the model, as the fit reads them."""
        if select not in self._designs:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the same data gave the same warnings when the model was made
                self._designs[select] = self._build(select)
        return self._designs[select]

    @single_threaded_blas
    def fit(
        self,
        *,
        method: Method = "auto",
        smoothing: Smoothing = "reml",
        cov_type: str = "bayes",
        cov_kwds: dict[str, Any] | None = None,
        information: Information = "expected",
        select: bool = False,
        maxiter: int = 100,
        tol: float = 1e-9,
        threads: int | None = None,
        progress: bool | Progress = False,
    ) -> GLMResults:
        """Fit the model.

        Parameters
        ----------
        method : {"auto", "newton", "lbfgs"}
            Optimizer of the coefficients; both reach the same optimum.
        smoothing : {"reml", "ml", "gcv"}, float, array or dict
            Criterion for the smoothing parameters, or their values, on the scale of mgcv's `sp`.
        cov_type : str
            "bayes" (default; the Bayesian covariance, averaged over what the smoothing parameters may be),
            "bayes_corrected" (corrected for them to first order, mgcv's ``unconditional = TRUE``), "bayes_conditional"
            (taking them as known, mgcv's default), "nonrobust", "HC0" to "HC3", "cluster". Without smooth terms the
            first four agree.
        cov_kwds : dict, optional
            For "cluster": groups (one entry for each row) and use_correction (default True).
        information : {"expected", "observed"}
            Which information covariances and degrees of freedom come from; the two agree for canonical links. The
            default is that of statsmodels, R's glm and mgcv. The smoothing criterion always uses the observed one.
        select : bool
            Add a penalty on what smoothing leaves free, so that a coefficient can shrink to a constant.
        maxiter, tol : int, float
            Limit on iterations; relative change of the objective at which to stop.
        threads : int, optional
            Default all. The results do not depend on it, to the last bit.
        progress : bool or callable
            True prints a line for each outer iteration; a callable receives (iteration, criterion, gradient).

        Returns
        -------
        GLMResults

        Warns
        -----
        ConvergenceWarning
            If the optimizer stopped early.
        DataWarning
            If coefficients are not identified, or the data are separated.
        """
        if information not in ("observed", "expected"):
            raise OptionError(f"information must be 'observed' or 'expected', but is {information!r}.")
        design = learned_design(
            self.design(select=select),
            self.family,
            select=select,
            threads=threads,
            progress=listener(progress, LEARNING),
            clusters=(cov_kwds or {}).get("groups"),
        )
        problem = CoreProblem.of(design, threads)
        fit, family, eta = fit_with_rows(
            problem,
            self.family,
            method=method,
            smoothing=smoothing,
            maxiter=maxiter,
            tol=tol,
            progress=listener(progress, STEP),
        )
        rows = row_values(family, eta, problem.threads)
        estimates = estimate(problem, family, fit, rows, information)
        covariance, cov_type = choose_covariance(problem, family, estimates, rows, fit, cov_type, cov_kwds)
        separated = separated_rows(problem, family, rows, estimates)
        if cov_type in ROBUST:
            covariance = with_runaway_error(problem, estimates, separated, covariance)
        return GLMResults(
            design=design,
            family=family,
            fit=fit,
            estimates=estimates,
            rows=rows,
            natural_covariance=covariance,
            cov_type=cov_type,
            null_mu=null_mean(problem, family),
            notes=fit_notes(problem, family, fit, estimates, separated),
            formula_text=self._formula_text or _array_formula(design),
            context_text=self._context_text,
            version=__version__,
            family_estimated=family is not self.family,
        )


def glm(
    formula: str,
    context: ContextSpec = None,
    data: Any = None,
    *,
    family: Any = "gaussian",
    offset: Any = None,
    exposure: Any = None,
    freq_weights: Any = None,
    var_weights: Any = None,
    missing: Literal["drop", "raise"] = "drop",
) -> ContextualGLM:
    """Make a contextual GLM from formulas; see :meth:`ContextualGLM.from_formula`.

    Examples
    --------
    >>> import numpy as np, pandas as pd, contextstats as cs
    >>> rng = np.random.default_rng(1)
    >>> df = pd.DataFrame({"dose": rng.normal(size=400), "age": rng.uniform(20, 80, 400)})
    >>> df["y"] = rng.poisson(np.exp(0.3 + 0.01 * df.age * df.dose))
    >>> res = cs.glm("y ~ dose", context="s(age)", data=df, family="poisson").fit()
    >>> res.heterogeneity().columns[:3].tolist()
    ['predictor', 'context', 'edf']
    """
    return ContextualGLM.from_formula(
        formula,
        context,
        data,
        family=family,
        offset=offset,
        exposure=exposure,
        freq_weights=freq_weights,
        var_weights=var_weights,
        missing=missing,
    )


def _context_text(context: ContextSpec) -> str:
    if context is None:
        return ""
    if isinstance(context, str):
        return context
    return "; ".join(f"{name}: {text}" for name, text in context.items())


def _encoder_text(encoder: Any) -> str:
    if encoder is None or isinstance(encoder, str | Mapping):
        return _context_text(encoder)
    return repr(encoder)


def _array_formula(design: Design) -> str:
    return f"{design.y_name} ~ " + " + ".join(design.x_names)
