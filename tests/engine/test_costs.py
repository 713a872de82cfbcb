"""The costs of a second of sound, as counted on the published sizes."""

import pytest

from cosycli.engine.workload import costs_of, peak_flops
from cosycli.model.profile import COSYVOICE_1, COSYVOICE_2, COSYVOICE_3


@pytest.mark.parametrize(
    ("profile", "prompt_s", "gigaflops"),
    [(COSYVOICE_2, 0, 193), (COSYVOICE_2, 3, 273), (COSYVOICE_3, 0, 424), (COSYVOICE_3, 3, 568)],
)
def test_the_flow_speaks_its_prompt_again_with_every_segment(profile, prompt_s, gigaflops):
    seconds = 10 + prompt_s
    assert costs_of(profile).flow(0, 50 * seconds, None, seconds) / 10 == pytest.approx(gigaflops * 1e9, rel=0.005)


@pytest.mark.parametrize(
    ("profile", "num_past", "gigaflops"),
    [(COSYVOICE_2, 0, 229), (COSYVOICE_2, 150, 186), (COSYVOICE_3, 0, 533), (COSYVOICE_3, 150, 417)],
)
def test_in_chunks_it_need_not(profile, num_past, gigaflops):
    assert costs_of(profile).flow(num_past, 50 * 13, 50, 13) / 10 == pytest.approx(gigaflops * 1e9, rel=0.02)


def test_what_was_not_counted_is_not_known():
    assert costs_of(COSYVOICE_1) is None
    assert peak_flops("NVIDIA GeForce RTX 3060") is None
    assert peak_flops("NVIDIA H200") > 900e12
