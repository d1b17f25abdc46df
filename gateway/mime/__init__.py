"""Octets and structure of a message: ranges of parts, header fields, sizes, reports. Pure."""
