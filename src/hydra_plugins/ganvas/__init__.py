"""ganvas's launchers and sweeper for Hydra, which finds them in this namespace only."""
