"""Statistics of money: spend, top-ups, profit and transfers, each the sum of its postings."""
