"""How the time of every public call grows, held against the law that it is said to grow by."""
