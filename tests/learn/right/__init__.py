# ruff: noqa: B905, RUF059
"""Right answers, in several styles."""
