"""What is recorded: per enterprise, with exceptions for a queue or an agent."""
