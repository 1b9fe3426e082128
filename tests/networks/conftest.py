"""Data of a network that is known."""

from __future__ import annotations

import pytest
from gaussian_networks import Truth


@pytest.fixture(scope="session")
def truth():
    return Truth(4)


@pytest.fixture(scope="session")
def sample(truth):
    return truth.draw(1500, 1)
