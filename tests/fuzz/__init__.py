"""Fuzz targets for what reads strangers' octets: each takes octets, and raises when something that must always hold does not.

`python -m tests.fuzz TARGET --seconds N` runs one: with atheris, guided by coverage, where it has wheels (CPython 3.11 on x86-64),
elsewhere by octets that hypothesis makes of the same seeds.
"""
