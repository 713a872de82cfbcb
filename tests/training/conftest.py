"""What all training is given here: a clock that counts steps, however fast the machine, and the same chances."""

import random
from itertools import count

import pytest
import torch

TICK_S = 0.02  # from one look at the clock to the next; a step looks twice


@pytest.fixture(scope="module", autouse=True)
def clock():
    ticks = count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", lambda: TICK_S * next(ticks))
        yield


@pytest.fixture(autouse=True)
def chance():
    random.seed(0)
    torch.manual_seed(0)
