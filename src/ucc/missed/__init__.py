"""Inbound calls that nobody answered."""
