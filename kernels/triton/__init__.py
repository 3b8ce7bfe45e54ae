"""Attention on sparse structures on a GPU."""
