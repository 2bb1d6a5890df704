"""The switch: Asterisk over ARI, its fake, and the runner that carries out what the engine decides."""
