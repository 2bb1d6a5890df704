"""The HTTP side of UCC: what surrounds the routes of the domains."""
