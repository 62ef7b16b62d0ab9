"""The jobs of a study on a SLURM cluster, submitted by submitit."""
