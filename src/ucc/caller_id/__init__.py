"""主叫: the numbers an enterprise may show, which of them is shown, and how many calls each may have."""
