"""Real data sets that ship with the package, for the tutorial, the demo and the tests.

Each is in the public domain. `tools/make_datasets.py` derives the files from the copies in statsmodels.
"""

from contextstats.datasets.loaders import load_anes96, load_rand_hie

__all__ = ["load_anes96", "load_rand_hie"]
