"""The stub of the compiled core says what the core says of itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import contextstats
from contextstats import _core
from contextstats.encoders.basis import BasisSpec

STUB = ast.parse((Path(contextstats.__file__).parent / "_core.pyi").read_text())
FUNCTIONS = {node.name: node for node in STUB.body if isinstance(node, ast.FunctionDef)}
CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"}


def parameters_of(compiled) -> list[str]:
    """Names of the parameters in the signature that the binding writes into the docstring."""
    signature = (compiled.__doc__ or "").splitlines()[0]
    return [name for name in re.findall(r"(\w+): ", signature) if name != "self"]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions_have_the_parameters_of_the_stub(name):
    assert parameters_of(getattr(_core, name)) == [a.arg for a in FUNCTIONS[name].args.args]


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_classes_have_the_members_of_the_stub(name):
    members = {node.name for node in CLASSES[name].body if isinstance(node, ast.FunctionDef)} - {"__init__"}
    assert members == {member for member in dir(getattr(_core, name)) if not member.startswith("_")}


def test_every_public_name_of_the_core_is_in_the_stub():
    public = {name for name in vars(_core) if not name.startswith("_") and callable(getattr(_core, name))}
    assert public - {"Any", "find_spec"} == set(FUNCTIONS) | set(CLASSES)


def test_arrays_that_would_have_to_be_copied_are_refused():
    dense = {"kind": "dense", "intercept": True, "columns": [0], "centers": np.zeros(1), "scales": np.ones(1)}
    design = _core.Design([dense], [(0, 0, np.eye(2, order="F"))], 1)
    rows = np.ones((5, 1), order="F")
    assert _core.linear_predictor(design, rows, rows, np.ones(2), 1).shape == (5,)
    with pytest.raises(TypeError):
        _core.linear_predictor(design, rows.astype(np.float32), rows, np.ones(2), 1)
    with pytest.raises(ValueError, match="same number of rows"):
        _core.linear_predictor(design, rows, np.ones((4, 1), order="F"), np.ones(2), 1)


@pytest.mark.parametrize(
    "spec",
    [
        BasisSpec("bspline", (0,), knots=tuple(np.linspace(-0.5, 1.5, 12)), degree=3),
        BasisSpec("bspline", (0,), knots=(-1.0, -0.5, 0.0, 0.3, 0.4, 1.0, 1.5, 2.0), degree=2),
        BasisSpec("bspline", (1,), knots=tuple(np.linspace(-3 / 4, 1 + 3 / 4, 11)), degree=3, periodic=True),
        BasisSpec("factor", (2,), n_levels=3),
        BasisSpec("dense", (0, 1), centers=(0.5, 0.1), scales=(2.0, 3.0), intercept=True),
        BasisSpec(
            "tensor",
            (0, 1),
            margins=(
                BasisSpec("bspline", (0,), knots=tuple(np.linspace(-0.5, 1.5, 9)), degree=3),
                BasisSpec("bspline", (1,), knots=tuple(np.linspace(-0.5, 1.5, 8)), degree=2),
            ),
        ),
    ],
    ids=lambda spec: spec.kind,
)
def test_bases_agree_with_their_slow_and_right_form(spec):
    rng = np.random.default_rng(5)
    contexts = np.asfortranarray(np.column_stack([rng.uniform(-1, 2, (300, 2)), rng.integers(0, 4, 300)]))
    assert_allclose(_core.basis_matrix(spec.to_dict(), contexts), spec.evaluate(contexts), atol=1e-12)
