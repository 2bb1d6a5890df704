"""Rate plans, and the price of a call: a pure function."""

from ucc.rating.by_prefix import Charge, NoRate, choose_rate, rate_call

__all__ = ["Charge", "NoRate", "choose_rate", "rate_call"]
