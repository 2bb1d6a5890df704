"""Boxes that take messages, and the messages in them."""
