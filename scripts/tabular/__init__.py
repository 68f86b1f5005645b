"""What `tables.py` measures: a file per section, each beside its peers."""
