"""PostgreSQL: engines per role, one transaction per piece of work, the tenant scope, the base of all models."""
