"""From rows to parameters."""
