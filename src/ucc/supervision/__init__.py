"""What supervisors do with the calls and the presence of their agents; call control decides."""
