"""Options that more than one part of the package reads, and how a wrong name is answered."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from typing import Any, Literal, cast, get_args

from contextstats.errors import OptionError

Missing = Literal["drop", "raise"]


def check_missing(missing: Any) -> Missing:
    """Return the option `missing` if it is one of "drop" and "raise".

    Raises
    ------
    OptionError
        If it is anything else.
    """
    check_choice("missing", missing, get_args(Missing))
    return cast("Missing", missing)


def resolve_threads(threads: int | None) -> int:
    """Number of threads to use: all the process may run on, unless told otherwise."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if threads < 1:
        raise OptionError(f"threads must be at least 1, but is {threads}.")
    return threads


def check_choice(name: str, value: Any, choices: Iterable[str]) -> str:
    """Return the option `name` if its value is one of the choices.

    Raises
    ------
    OptionError
        Naming the choices.
    """
    choices = tuple(choices)
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise OptionError(f"{name} must be one of {listed}, but is {value!r}.{did_you_mean(str(value), choices)}")
    return value


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence that names the nearest of the known names, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(item) for item in near)}?" if near else ""
