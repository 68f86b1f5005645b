"""Right answers, in several styles."""
