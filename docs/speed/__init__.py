"""The parts of `bench_gpu.py`: what it compares, and how it writes that down."""
