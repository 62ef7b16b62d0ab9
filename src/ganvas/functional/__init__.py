"""The mathematics, as plain functions of tensors; imports torch and nothing else of ganvas."""
