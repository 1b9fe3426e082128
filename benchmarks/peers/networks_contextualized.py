"""Child process: contextual networks with contextualized-ml; networks at new contexts and times are written to a file.

python networks_contextualized.py data.npz out.npz kind=markov [train_batch_size=64 es_patience=5]
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import tempfile
import time
import warnings

import numpy as np
import torch
from contextualized.easy import (
    ContextualizedBayesianNetworks,
    ContextualizedCorrelationNetworks,
    ContextualizedMarkovNetworks,
)

MODELS = {
    "correlation": ContextualizedCorrelationNetworks,
    "markov": ContextualizedMarkovNetworks,
    "bayesian": ContextualizedBayesianNetworks,
}


def networks(model, kind: str, contexts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (n, p, p), [i, j] of x_j in the prediction of x_i, and offsets."""
    if kind == "bayesian":
        found = np.asarray(model.predict_networks(contexts, project_to_dag=True, individual_preds=False))
        return np.swapaxes(found, 1, 2), np.zeros(found.shape[:2])
    weights, offsets = model.predict_networks(contexts, with_offsets=True, individual_preds=False)
    return np.asarray(weights), np.asarray(offsets)


def main() -> None:
    data, out, *pairs = sys.argv[1:]
    options = dict(pair.split("=") for pair in pairs)
    kind = options.pop("kind")
    data = dict(np.load(data))
    torch.set_num_threads(1)
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002  # its split of the rows reads the global state
    os.chdir(tempfile.mkdtemp())  # it writes checkpoints where it runs
    model = MODELS[kind]()
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(data["contexts"], data["x"], **{name: int(value) for name, value in options.items()})
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    new, new_offsets = networks(model, kind, data["new_contexts"])
    old, old_offsets = networks(model, kind, data["contexts"][: len(new)])
    epochs = model.trainers[0].current_epoch
    np.savez(
        out,
        new=new,
        new_offsets=new_offsets,
        old=old,
        old_offsets=old_offsets,
        time=np.array([cpu, wall, epochs]),
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with contextlib.redirect_stdout(io.StringIO()):
        main()
