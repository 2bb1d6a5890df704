"""置忙原因: why an agent pauses, in the enterprise's own words."""
