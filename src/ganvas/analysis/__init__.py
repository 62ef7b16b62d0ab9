"""Reading finished studies: axes, statistics, tables, ablations."""
