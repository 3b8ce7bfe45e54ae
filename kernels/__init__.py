"""Attention on sparse structures."""
