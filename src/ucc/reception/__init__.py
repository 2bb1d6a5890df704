"""How an enterprise receives calls: where its numbers lead, whom it prefers, what callers hear."""
