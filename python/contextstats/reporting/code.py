"""The lines of Python that make a fit again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from contextstats.results.glm import GLMResults


def program(res: GLMResults) -> str:
    """Python that specifies and fits the model; what it cannot know, as the weights, is left open."""
    design = res.design
    if design.recipe.entry == "formula":
        model = "cs.glm"
        arguments = [_quote(res.formula_text), f"context={_context(res.context_text)}", "data=data"]
    else:
        model = "cs.ContextualGLM"
        arguments = ["endog", "exog", "context" if design.context_names else "None"]
        arguments += [f"encoder=cs.{res.context_text}"] if res.context_text else []
    arguments.append(f"family={_family(res)}")
    given = {
        "offset": np.any(design.offset != 0),
        "freq_weights": np.any(design.freq_weights != 1),
        "var_weights": np.any(design.var_weights != 1),
    }
    arguments += [f"{name}=..." for name, present in given.items() if present]
    lines = "".join(f"    {argument},\n" for argument in arguments if argument != "context=None")
    return f"import contextstats as cs\n\nres = {model}(\n{lines}).fit({', '.join(_options(res))})\n"


def _options(res: GLMResults) -> list[str]:
    smoothing = res.fit.smoothing
    options = [f"smoothing={_quote(smoothing)}"] if smoothing in ("reml", "ml", "gcv") else []
    if smoothing == "fixed":
        options = [f"smoothing={[float(value) for value in res.fit.smoothing_parameters]}"]
    groups = ', cov_kwds={"groups": ...}' if res.cov_type == "cluster" else ""
    return [*options, f"cov_type={_quote(res.cov_type)}{groups}"]


def _context(text: str) -> str:
    if not text:
        return "None"
    if ":" not in text:
        return _quote(text)
    pairs = dict(part.strip().rsplit(": ", 1) for part in text.split(";"))
    return f"{{{', '.join(f'{_quote(name)}: {_quote(terms)}' for name, terms in pairs.items())}}}"


def _family(res: GLMResults) -> str:
    family = res.family
    if family.core_name == "tweedie":
        return f"cs.families.Tweedie(link={_quote(family.link_name)}, power={family.parameter!r})"
    if family.link_name == family.default_link:
        return _quote(family.core_name)
    return f"cs.families.{type(family).__name__}(link={_quote(family.link_name)})"


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
