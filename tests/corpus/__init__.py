"""The corpus: messages that hide a marking, a label, identifiers or something unreadable by one named technique, and innocent ones.

Nothing here is kept as a file: every message is made when it is asked for, by hand or by the programs that people use. `python -m
tests.corpus` lists them, writes them into a folder, or carries them through a gateway and prints what came of them.
"""
