"""Who may log in: users, sessions, roles."""
