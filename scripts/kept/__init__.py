"""Files that stay readable: small models of every kind, written by the code of every time."""
