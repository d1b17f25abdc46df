"""Tests of gateway/mime."""
