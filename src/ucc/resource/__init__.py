"""Numbers and extensions, made by the operator and granted down the tree."""
