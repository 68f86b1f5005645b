"""Demonstrations on the data of the paper, or of the blog post."""
