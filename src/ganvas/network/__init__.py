"""Frozen helper networks: features, perceptual distances, face parsing, identity."""
