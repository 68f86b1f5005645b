"""What the values of a column can be: losses, gradients, draws."""
