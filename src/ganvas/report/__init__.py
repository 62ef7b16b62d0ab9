"""The offline dashboard of a study."""
