"""Rents (租金): what a plan charges by day, week, month and year for what a tenant has."""
