"""The people who talk, and the presence they asked for."""
