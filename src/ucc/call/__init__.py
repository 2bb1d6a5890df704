"""Call records: what happened, leg by leg, and what it cost."""
