"""Small faults planted in made_np, one at a time, for its tests to notice."""
