"""Outer loops: how coefficients and smoothing parameters are found."""
