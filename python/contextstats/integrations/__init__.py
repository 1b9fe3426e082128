"""Bridges to other programs; each needs a package that contextstats itself does not."""
