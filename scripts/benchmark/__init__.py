"""What `scripts/bench.py` and `scripts/growth.py` are made of: contenders, cases, clocks, the floor."""
