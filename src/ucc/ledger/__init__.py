"""Double-entry accounts in integers."""
