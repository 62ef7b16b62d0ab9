"""Frozen synthesis networks behind one interface."""
