"""Exercises in backpropagation through masks, checked while you write them."""
