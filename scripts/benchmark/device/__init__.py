"""The benchmark on a GPU: shapes, libraries in processes of their own, turns, lines."""
