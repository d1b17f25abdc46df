"""Outgate: an outbound mail gateway that decides for each recipient by a written policy."""
