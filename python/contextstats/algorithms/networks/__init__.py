"""Network fits by the compiled core."""
