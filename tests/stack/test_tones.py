import numpy as np
import pytest

from ucc.stack.tones import SAMPLE_RATE, Samples, count_tone_s


def tone(frequency_hz: float, seconds: float, level: float = 0.3) -> Samples:
    return level * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


@pytest.mark.parametrize(
    ("samples", "heard_s"),
    [
        (tone(425, 2), 2),
        (tone(425, 2) + tone(1004, 2), 2),
        (tone(1004, 2), 0),
        (np.concatenate([np.zeros(SAMPLE_RATE), tone(425, 1)]), 1),
        (np.zeros(2 * SAMPLE_RATE), 0),
        (0.1 * np.random.default_rng(1).standard_normal(2 * SAMPLE_RATE), 0),
        (np.zeros(10), 0),
    ],
)
def test_seconds_of_a_tone(samples: Samples, heard_s: float) -> None:
    assert count_tone_s(samples, 425) == heard_s
