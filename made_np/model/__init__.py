"""The model: what is asked of a network under its mask sets."""
