"""Money as integers of 1/1,000,000 yuan. No float on the way; text only at the edges."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

MICROS_PER_YUAN = 1_000_000


def parse_yuan(text: str) -> int:
    """Micros of a decimal text such as "0.10". Raises ValueError beyond six decimals or when it is no number."""
    try:
        micros = Decimal(text) * MICROS_PER_YUAN
    except InvalidOperation:
        raise ValueError(f"not an amount: {text!r}") from None
    if not micros.is_finite() or micros != micros.to_integral_value():
        raise ValueError(f"an amount has at most six decimals: {text!r}")
    return int(micros)


def format_yuan(micros: int) -> str:
    """ "0.10" of 100000: at least two decimals, at most six, never rounded."""
    whole, rest = divmod(abs(micros), MICROS_PER_YUAN)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micros < 0 else ''}{whole}.{decimals}"
