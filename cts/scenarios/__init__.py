"""Faults on loaded clusters: cts/suite runs them, cts/check takes the worst."""
