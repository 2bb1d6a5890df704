"""Rate plans, and the price of a call: a pure function."""
