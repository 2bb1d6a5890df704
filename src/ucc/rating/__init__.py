"""Rate plans and their versions, and the price of a call: a pure function."""
