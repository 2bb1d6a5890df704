"""The floor of an enterprise as the database keeps it: settings of agents and queues, and where agents' time went."""
