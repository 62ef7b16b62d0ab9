"""ganvas's launcher for Hydra, which finds launchers in this namespace only."""
