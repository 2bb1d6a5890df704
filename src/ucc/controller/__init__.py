"""The controller: owns tenants by lease, runs their calls on the switch, answers commands and tells what is live."""
