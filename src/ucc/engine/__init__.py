"""Pure call control: events in, state and effects out. No I/O, no clock, no ids made here."""
