"""Whether a call can be paid for: let in, held for, cut off; limits against fraud; alerts about money."""
