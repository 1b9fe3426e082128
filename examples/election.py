"""A binomial model with two contexts: does political position weigh more in the vote of the educated?

Run with `python examples/election.py`; figures and a report go to examples/output/.
"""

from __future__ import annotations

from pathlib import Path

import contextstats as cs

OUTPUT = Path(__file__).parent / "output"


def main() -> None:
    OUTPUT.mkdir(exist_ok=True)
    anes = cs.datasets.load_anes96()

    # The intercept and the effect of the position on the left-right scale vary with age and education.
    res = cs.glm("vote_dole ~ left_right", context="s(age) + s(education, k=5)", data=anes, family="binomial").fit()
    print(res.summary())
    print(res.heterogeneity().round(4).to_string(index=False))

    # The effect at three levels of education, at the median age.
    at = {"age": [anes["age"].median()] * 3, "education": [1.0, 4.0, 7.0]}
    print(res.coefficients(at).round(3).to_string(index=False))

    # Shrink what does not vary, and compare.
    selected = cs.glm("vote_dole ~ left_right", context="s(age) + s(education, k=5)", data=anes, family="binomial").fit(
        select=True
    )
    print("AIC", round(float(res.aic), 1), "with selection", round(float(selected.aic), 1))

    res.plot().savefig(OUTPUT / "election.png", dpi=120)
    res.report(OUTPUT / "election.html")


if __name__ == "__main__":
    main()
