"""黑名单: numbers that are never dialled, or never let in, at three levels."""
