"""Studies: runs that share a question, read back, compared and laid out in tables."""
