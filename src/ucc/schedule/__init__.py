"""Business hours and holidays."""
