"""Results of network fits."""
