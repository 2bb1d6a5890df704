"""Lines to carriers, and which one a call takes."""
