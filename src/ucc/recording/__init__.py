"""Recordings: from captures at the border to MP3 files that play in the browser."""
