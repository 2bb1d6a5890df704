"""The floor of one tenant: its agents, its queues and who gets which call, decided in one place (`decide.py`)."""
