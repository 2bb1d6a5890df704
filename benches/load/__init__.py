"""What the benchmarks of calls share: SIP and RTP at both ends, the two systems under load, and their CPU."""
