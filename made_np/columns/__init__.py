"""What is learned of the columns of a table: from cells to the rows of a model and back."""
