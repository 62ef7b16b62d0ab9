"""The mathematics, as plain functions of tensors; imports torch and nothing of ganvas."""
