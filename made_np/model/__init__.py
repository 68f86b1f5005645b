"""The model: a network, its mask sets and its backend, and what is asked of them."""
