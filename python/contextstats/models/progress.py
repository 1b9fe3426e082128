"""What `progress=` of a fit means: silence, a printed line for each step, or a function that hears of it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, float, float], None]
LEARNING = "hidden layers, run {:3d}  held-out deviance {:.8g}  gradient {:.2e}"


def listener(progress: bool | Progress, line: str) -> Progress | None:
    """Who hears of the steps.

    Parameters
    ----------
    progress : bool or callable
        As the user gave it.
    line : str
        Format of a printed line, with places for the number of the step and two values.
    """
    if callable(progress):
        return progress
    if not progress:
        return None

    def show(step: int, first: float, second: float) -> None:
        print(line.format(step, first, second), flush=True)  # noqa: T201

    return show
