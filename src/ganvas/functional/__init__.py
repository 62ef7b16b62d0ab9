"""The mathematics, as plain functions of tensors."""
