"""A model directory laid out as CosyVoice-300M-SFT is published, with networks of a few thousand weights."""

from __future__ import annotations

import base64
from pathlib import Path

import torch

from cosycli.model.loading import new_flow, new_vocoder
from cosycli.model.profile import read_profile
from cosycli.model.transformer_language_model import TransformerLanguageModel
from tests.model.tiny_model import write_speaker_graph, write_tokenizer_graph

MERGED = (b"he", b"ll", b"hell", b"hello", b" t", b"ar", b" the", "你".encode()[:2], "你".encode(), b"12", b" hello")
NUM_TEXT_IDS = 400
SPEAKERS = ("中文女", "英文男")
CONFIG = """
sample_rate: 22050
text_encoder_input_size: 16
llm_input_size: 16
spk_embed_dim: 192
llm: !new:cosyvoice.llm.llm.TransformerLM
    text_encoder_input_size: !ref <text_encoder_input_size>
    llm_input_size: !ref <llm_input_size>
    text_token_size: 400
    speech_token_size: 4096
    spk_embed_dim: !ref <spk_embed_dim>
    text_encoder: !new:cosyvoice.transformer.encoder.ConformerEncoder
        output_size: 16
        attention_heads: 2
        linear_units: 16
        num_blocks: 1
    llm: !new:cosyvoice.transformer.encoder.TransformerEncoder
        attention_heads: 2
        linear_units: 16
        num_blocks: 1
    sampling: !name:cosyvoice.utils.common.ras_sampling
        top_p: 0.8
        top_k: 25
        win_size: 10
        tau_r: 0.1
flow: !new:cosyvoice.flow.flow.MaskedDiffWithXvec
    vocab_size: 4096
    output_size: 80
    input_frame_rate: 50
    spk_embed_dim: !ref <spk_embed_dim>
    encoder: !new:cosyvoice.transformer.encoder.ConformerEncoder
        output_size: 16
        attention_heads: 2
        linear_units: 16
        num_blocks: 1
    decoder: !new:cosyvoice.flow.flow_matching.ConditionalCFM
        estimator: !new:cosyvoice.flow.decoder.ConditionalDecoder
            channels: [16, 16]
            n_blocks: 1
            num_mid_blocks: 1
            num_heads: 2
            attention_head_dim: 8
hift: !new:cosyvoice.hifigan.generator.HiFTGenerator
    sampling_rate: !ref <sample_rate>
    base_channels: 16
    upsample_rates: [8, 8]
    upsample_kernel_sizes: [16, 16]
    resblock_kernel_sizes: [3]
    resblock_dilation_sizes: [[1]]
    source_resblock_kernel_sizes: [3, 3]
    source_resblock_dilation_sizes: [[1], [1]]
    f0_predictor: !new:cosyvoice.hifigan.f0_predictor.ConvRNNF0Predictor
        cond_channels: 8
feat_extractor: !name:matcha.utils.audio.mel_spectrogram
    n_fft: 1024
    hop_size: 256
"""


def write_tiny_model_v1(directory: Path) -> Path:
    """Write the directory and return it."""
    directory.mkdir(parents=True)
    (directory / "cosyvoice.yaml").write_text(CONFIG)
    write_vocabulary(directory)
    profile = read_profile(directory)
    assert profile.transformer is not None
    torch.manual_seed(0)
    language_model = TransformerLanguageModel(profile.language_model, profile.transformer)
    language_model.llm_decoder.bias.data[profile.language_model.end_of_speech] = 6.0  # it is not long-winded
    torch.save(language_model.state_dict(), directory / "llm.pt")
    torch.save(new_flow(profile.flow).state_dict(), directory / "flow.pt")
    torch.save(new_vocoder(profile.vocoder).state_dict(), directory / "hift.pt")
    torch.save({name: {"embedding": torch.randn(1, 192)} for name in SPEAKERS}, directory / "spk2info.pt")
    write_speaker_graph(directory / "campplus.onnx")
    write_tokenizer_graph(directory / "speech_tokenizer_v1.onnx", tokens_per_second=50)
    return directory


def write_vocabulary(directory: Path) -> None:
    """Every byte, and a few merges, one of which spans half a Chinese character."""
    tokens = [*(bytes([byte]) for byte in range(256)), *MERGED]
    lines = [f"{base64.b64encode(token).decode()} {rank}\n" for rank, token in enumerate(tokens)]
    (directory / "multilingual.tiktoken").write_text("".join(lines))
