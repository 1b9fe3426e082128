"""Draw docs/images/varying_effect.png: the effect of sex on visits to a doctor, by age."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

import contextstats as cs

TARGET = Path(__file__).parents[1] / "docs" / "images" / "varying_effect.png"
INK, BLUE, GREY = "#1f2933", "#1f5a94", "#7b8794"
ABOVE = {"textcoords": "offset points", "fontsize": 9, "color": GREY}


def main() -> None:
    """Fit, draw, write."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    rand = cs.datasets.load_rand_hie()
    model = {"data": rand, "family": "negative_binomial", "exposure": "years_eligible"}
    varying = cs.glm("visits ~ female + log_coinsurance", context="s(age)", **model).fit()
    constant = cs.glm("visits ~ female + log_coinsurance", **model).fit()

    ages = np.linspace(rand["age"].min(), rand["age"].max(), 200)
    curve = varying.coefficients({"age": ages}, simultaneous=True, terms=["female"])

    figure, axes = plt.subplots(figsize=(8, 3.6), dpi=150, layout="constrained")
    estimate, low, high = (np.exp(curve[name]) for name in ["estimate", "conf_low", "conf_high"])
    axes.fill_between(ages, low, high, color=BLUE, alpha=0.18, lw=0)
    axes.plot(ages, estimate, color=BLUE, lw=2)
    ratio = float(np.exp(constant.params["female"]))
    axes.axhline(ratio, color=GREY, ls="--", lw=1.2)
    axes.annotate(f"no context: {ratio:.2f}", (1, ratio), xytext=(0, 4), **ABOVE)
    axes.annotate("s(age)", (29, estimate.max()), xytext=(0, 4), **ABOVE | {"color": BLUE, "ha": "center"})
    axes.axhline(1.0, color=INK, lw=0.8)
    rug = rand["age"].sample(800, random_state=1)
    axes.plot(rug, np.full(800, 0.02), "|", color=GREY, ms=5, alpha=0.4, transform=axes.get_xaxis_transform())
    axes.set_yscale("log")
    ticks = [0.7, 0.8, 1.0, 1.2, 1.5, 1.8, 2.2]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlim(ages[0], ages[-1])
    axes.set_xlabel("age in years")
    axes.set_ylabel("visits, women : men")
    title = "visits ~ female + log_coinsurance,  context = s(age)"
    axes.set_title(title, loc="left", fontsize=11, color=INK, family="monospace")
    axes.spines[["top", "right"]].set_visible(False)
    TARGET.parent.mkdir(exist_ok=True)
    figure.savefig(TARGET)
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
