"""What callers hear: uploaded sounds and synthesised speech."""
