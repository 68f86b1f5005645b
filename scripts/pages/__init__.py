"""What is asked of the pages of a built site."""
