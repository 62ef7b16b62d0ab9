"""The operating system: whole files, tensors in them, memory, variables."""
