"""The benchmark: rates, latency, processor time and memory of the gateway beside its peers, in one run on one machine.

Absolute figures do not carry over to another machine or hour; ratios within one run do. `python -m tests.bench --help`.
"""
