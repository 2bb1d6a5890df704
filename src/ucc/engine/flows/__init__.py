"""Flows: how a call goes on in each stage, one module per kind of stage. They write the next state, never effects."""
