"""What is learned of the columns of a table: how their cells become the rows of a model."""
