"""Every kind of table, turned into rows of numbers with the names of their columns."""
