"""What `reproduce_paper.py` and `sweep.py` are made of: recipes, runs, published numbers, the table."""
