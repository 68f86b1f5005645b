"""What `run_peers.py` runs: models of other people's libraries as `made_np.testing` sees them, a file per library."""
