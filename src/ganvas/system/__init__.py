"""The operating system: files that appear whole or not at all, and memory."""
