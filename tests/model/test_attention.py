"""Attention a row at a time gives what attention under a mask gives."""

import pytest
import torch

from cosycli.model.attention import MIN_CHUNK, SPAN, AttentionMask, attend, attend_by_rows, attend_under_mask
from cosycli.model.convolutions import StreamingState
from cosycli.model.kernels import can_prepack

pytestmark = pytest.mark.skipif(not can_prepack(), reason="this PyTorch has no oneDNN")


@pytest.fixture
def frames():
    """Queries, keys and values (B, H, M, W), as views of other layouts, which is how they come."""
    torch.manual_seed(0)
    return [torch.randn(3, 130, 2, 16).transpose(1, 2) for _ in range(3)]


@pytest.mark.parametrize("chunk", [None, MIN_CHUNK, 2 * MIN_CHUNK])
@pytest.mark.parametrize("lengths", [[130, 130, 130], [130, 77, 1]])
@torch.inference_mode()
def test_rows_agree_with_the_mask(frames, lengths, chunk):
    mask = AttentionMask.of(torch.tensor(lengths), 130, chunk)
    by_rows, masked = attend_by_rows(*frames, mask), attend_under_mask(*frames, mask)
    for row, length in enumerate(lengths):
        torch.testing.assert_close(by_rows[row, :, :length], masked[row, :, :length], atol=1e-5, rtol=1e-5)
        assert not by_rows[row, :, length:].any()


@pytest.mark.parametrize("chunk", [None, MIN_CHUNK, 2 * MIN_CHUNK])
@torch.inference_mode()
def test_long_rows_agree_with_the_mask(chunk):
    num_frames = 2 * SPAN + 70
    frames = [torch.randn(2, num_frames, 2, 16).transpose(1, 2) for _ in range(3)]
    mask = AttentionMask.of(torch.tensor([num_frames, SPAN]), num_frames, chunk)
    by_rows, masked = attend_by_rows(*frames, mask), attend_under_mask(*frames, mask)
    torch.testing.assert_close(by_rows[0], masked[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(by_rows[1, :, :SPAN], masked[1, :, :SPAN], atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_rows_agree_with_the_mask_where_frames_went_before(frames):
    query, key, value = frames
    mask = AttentionMask.of(torch.tensor([30, 7, 30]), 30, MIN_CHUNK, StreamingState(100, (), keeps=False))
    late = query[:, :, 100:]
    by_rows, masked = (attend_with(late, key, value, mask) for attend_with in (attend_by_rows, attend_under_mask))
    torch.testing.assert_close(by_rows[1, :, :7], masked[1, :, :7], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(by_rows[2], masked[2], atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_short_chunks_are_attended_to_under_the_mask(frames):
    mask = AttentionMask.of(torch.tensor([130, 77, 5]), 130, chunk=2)
    torch.testing.assert_close(attend(*frames, mask), attend_under_mask(*frames, mask))


HAS_HALF_PRECISION = pytest.mark.skipif(not can_prepack(torch.bfloat16), reason="this CPU has no products in bfloat16")


@HAS_HALF_PRECISION
@torch.inference_mode()
def test_half_precision_stays_near(frames):
    mask = AttentionMask.of(torch.tensor([130, 77, 1]), 130, None)
    exact = attend_by_rows(*frames, mask)
    with torch.autocast("cpu", torch.bfloat16):
        halved = attend_by_rows(*frames, mask)
    assert halved.dtype == torch.bfloat16
    assert (halved - exact).abs().max() < 0.05


@HAS_HALF_PRECISION
@torch.inference_mode()
def test_half_precision_stands_scores_beyond_the_range_of_exponentials(frames):
    query, key, value = frames
    mask = AttentionMask.of(torch.tensor([130, 77, 5]), 130, None)
    with torch.autocast("cpu", torch.bfloat16):
        attended = attend_by_rows(100 * query, key, value, mask)
        low = attend_by_rows(100 * key.abs(), -key.abs(), value, mask)
    assert attended.isfinite().all()
    assert (attended - attend_under_mask(100 * query, key, value, mask))[0].abs().median() < 0.05
    assert low.isfinite().all()


@torch.inference_mode()
def test_chunks_stand_scores_beyond_the_range_of_exponentials(frames):
    query, key, value = frames
    mask = AttentionMask.of(torch.tensor([130, 130, 130]), 130, MIN_CHUNK)
    attended = attend_by_rows(300 * query, key, value, mask)
    torch.testing.assert_close(attended, attend_under_mask(300 * query, key, value, mask), atol=1e-3, rtol=1e-3)
