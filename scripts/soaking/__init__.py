"""Rounds of a soak: work on made_np that a fault comes into, with what must hold afterwards."""
