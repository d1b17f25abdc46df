"""Readers of file formats over buffers; imported by the worker alone, run only in its locked children."""

from gateway.content.reader import preload, read
from gateway.content.reading import Budget

__all__ = ["Budget", "preload", "read"]
