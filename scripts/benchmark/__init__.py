"""What the scripts that measure are made of: contenders, cases, clocks, the floor."""
