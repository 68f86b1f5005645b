"""Files that mean harm: what every reader makes of them."""
