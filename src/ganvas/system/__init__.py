"""The process and its system: whole files, tensors in them, memory, variables, Lightning."""
