"""The tree of customers: operator, resellers, enterprises."""
