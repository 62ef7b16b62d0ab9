"""Edits (`edit=`): recipes over stages and operations."""

from ganvas.edit.recipe import Operation, Recipe

__all__ = ["Operation", "Recipe"]
