"""Trees of menus that an enterprise draws for its callers."""
