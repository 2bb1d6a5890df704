import numpy as np
import pytest

from ucc.softphone import tone_strength
from ucc.stack.tones import SAMPLE_RATE, Samples


def tone(hz: float, seconds: float, rate: int = SAMPLE_RATE) -> Samples:
    return 0.3 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


SILENCE = np.zeros(SAMPLE_RATE)
NOISE = 0.1 * np.random.default_rng(1).standard_normal(2 * SAMPLE_RATE)


@pytest.mark.parametrize(
    ("sound", "strength"),
    [
        (tone(425, 2), 1.0),
        (np.concatenate([SILENCE, tone(425, 1), SILENCE]), 1.0),
        (tone(425, 2) + tone(1004, 2), 0.5),
        (tone(1004, 2), 0.0),
        (NOISE, 0.0),
        (SILENCE, 0.0),
        (np.zeros(0), 0.0),
    ],
)
def test_share_of_the_loud_part(sound: Samples, strength: float) -> None:
    assert tone_strength(sound, 425) == pytest.approx(strength, abs=0.02)


def test_other_rates() -> None:
    assert tone_strength(tone(1004, 1, rate=48000), 1004, rate=48000) == pytest.approx(1.0, abs=0.02)
