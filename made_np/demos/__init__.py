"""Data of the paper and of the blog post, learned and drawn."""
