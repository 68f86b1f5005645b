"""Right networks of every kind, drawn at random, that no check may call wrong."""
