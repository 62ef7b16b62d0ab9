"""Studies: runs that share a question."""
