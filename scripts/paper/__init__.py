"""What the scripts on the paper's data are made of: recipes, runs, published numbers, the table."""
