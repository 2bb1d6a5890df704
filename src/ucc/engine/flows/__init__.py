"""Flows: what a call does in each state, one module per kind of call."""
