"""Where inbound calls wait."""
