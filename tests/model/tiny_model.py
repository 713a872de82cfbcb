"""Model directories laid out as CosyVoice2-0.5B and Fun-CosyVoice3-0.5B are published, with few weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from cosycli.model.language_model import LanguageModel
from cosycli.model.loading import new_flow, new_vocoder
from cosycli.model.profile import read_profile
from cosycli.model.qwen2 import read_backbone_config
from cosycli.model.text_tokenizer import TextTokenizer
from cosycli.training.text_vocabulary import write_text_vocabulary

CONFIG = """
sample_rate: 24000
spk_embed_dim: 192
llm: !new:cosyvoice.llm.llm.Qwen2LM
    speech_token_size: 6561
    sampling: !name:cosyvoice.utils.common.ras_sampling
        top_p: 0.8
        top_k: 25
        win_size: 10
        tau_r: 0.1
flow: !new:cosyvoice.flow.flow.CausalMaskedDiffWithXvec
    vocab_size: 6561
    output_size: 80
    spk_embed_dim: !ref <spk_embed_dim>
    encoder: !new:cosyvoice.transformer.upsample_encoder.UpsampleConformerEncoder
        output_size: 16
        attention_heads: 2
        linear_units: 16
        num_blocks: 1
    decoder: !new:cosyvoice.flow.flow_matching.CausalConditionalCFM
        estimator: !new:cosyvoice.flow.decoder.CausalConditionalDecoder
            channels: [16]
            n_blocks: 1
            num_mid_blocks: 1
            num_heads: 2
            attention_head_dim: 8
hift: !new:cosyvoice.hifigan.generator.HiFTGenerator
    base_channels: 16
    resblock_kernel_sizes: [3]
    resblock_dilation_sizes: [[1]]
    source_resblock_kernel_sizes: [3, 3, 3]
    source_resblock_dilation_sizes: [[1], [1], [1]]
    f0_predictor: !new:cosyvoice.hifigan.f0_predictor.ConvRNNF0Predictor
        cond_channels: 8
cosy:
    language_model: {max_speech_per_text: 4}  # a model that was never trained hardly ever ends by itself
"""
CONFIG_3 = """
sample_rate: 24000
spk_embed_dim: 192
token_mel_ratio: 2
chunk_size: 25
llm: !new:cosyvoice.llm.llm.CosyVoice3LM
    speech_token_size: 6561
flow: !new:cosyvoice.flow.flow.CausalMaskedDiffWithDiT
    input_size: 80
    vocab_size: 6561
    output_size: 80
    spk_embed_dim: !ref <spk_embed_dim>
    token_mel_ratio: !ref <token_mel_ratio>
    pre_lookahead_layer: !new:cosyvoice.transformer.upsample_encoder.PreLookaheadLayer
        channels: 16
    decoder: !new:cosyvoice.flow.flow_matching.CausalConditionalCFM
        estimator: !new:cosyvoice.flow.DiT.dit.DiT
            dim: 32
            depth: 2
            heads: 2
            dim_head: 16
            static_chunk_size: !ref <chunk_size> * <token_mel_ratio>
hift: !new:cosyvoice.hifigan.generator.CausalHiFTGenerator
    base_channels: 16
    resblock_kernel_sizes: [3]
    resblock_dilation_sizes: [[1]]
    source_resblock_kernel_sizes: [3, 3, 3]
    source_resblock_dilation_sizes: [[1], [1], [1]]
    conv_pre_look_right: 4
    f0_predictor: !new:cosyvoice.hifigan.f0_predictor.CausalConvRNNF0Predictor
        cond_channels: 8
cosy:
    language_model: {max_speech_per_text: 4}  # a model that was never trained hardly ever ends by itself
"""
BACKBONE = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "tie_word_embeddings": True,
}


def write_tiny_model(directory: Path, version: int = 2) -> Path:
    """Write the directory of a CosyVoice 2 or 3 and return it."""
    directory.mkdir(parents=True)
    (directory / f"cosyvoice{version}.yaml").write_text({2: CONFIG, 3: CONFIG_3}[version])
    profile = read_profile(directory)
    backbone = directory / "CosyVoice-BlankEN"
    write_text_vocabulary(backbone)
    (backbone / "added_tokens.json").unlink()  # the published ones have none
    num_tokens = TextTokenizer.load(backbone, has_phonemes=profile.reads_phonemes).num_tokens
    (backbone / "config.json").write_text(json.dumps(BACKBONE | {"vocab_size": num_tokens}))
    torch.manual_seed(0)
    for variant in ("llm", "llm.rl")[: version - 1]:
        language_model = LanguageModel(profile.language_model, read_backbone_config(backbone))
        torch.save(language_model.state_dict(), directory / f"{variant}.pt")
    torch.save(new_flow(profile.flow).state_dict(), directory / "flow.pt")
    vocoder = {f"generator.{name}": tensor for name, tensor in new_vocoder(profile.vocoder).state_dict().items()}
    torch.save(vocoder, directory / "hift.pt")
    write_speaker_graph(directory / "campplus.onnx")
    write_tokenizer_graph(directory / f"speech_tokenizer_v{version}.onnx")
    return directory


def write_speaker_graph(path: Path) -> None:
    """(1, frames, 80) -> (1, 192): how much each band moves, through a fixed matrix."""
    matrix = np.random.default_rng(0).standard_normal((80, 192)).astype(np.float32)
    nodes = [
        helper.make_node("ReduceL2", ["input", "axes"], ["movement"], keepdims=0),
        helper.make_node("MatMul", ["movement", "matrix"], ["output"]),
    ]
    constants = [numpy_helper.from_array(matrix, "matrix"), numpy_helper.from_array(np.array([1]), "axes")]
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, "frames", 80])]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 192])]
    _save(nodes, inputs, outputs, constants, path)


def write_tokenizer_graph(path: Path, tokens_per_second: int = 25) -> None:
    """(1, 128, frames) and the frame count -> ids (1, tokens): the loudest bin of some of 100 frames a second."""
    nodes = [
        helper.make_node("Slice", ["feats", "starts", "length64", "axes", "steps"], ["sparse"]),
        helper.make_node("ArgMax", ["sparse"], ["ids64"], axis=1, keepdims=0),
        helper.make_node("Cast", ["feats_length"], ["length64"], to=TensorProto.INT64),
        helper.make_node("Cast", ["ids64"], ["indices"], to=TensorProto.INT32),
    ]
    nodes = [nodes[2], nodes[0], nodes[1], nodes[3]]
    constants = [
        numpy_helper.from_array(np.array([0]), "starts"),
        numpy_helper.from_array(np.array([2]), "axes"),
        numpy_helper.from_array(np.array([100 // tokens_per_second]), "steps"),
    ]
    inputs = [
        helper.make_tensor_value_info("feats", TensorProto.FLOAT, [1, 128, "frames"]),
        helper.make_tensor_value_info("feats_length", TensorProto.INT32, [1]),
    ]
    outputs = [helper.make_tensor_value_info("indices", TensorProto.INT32, [1, "tokens"])]
    _save(nodes, inputs, outputs, constants, path)


def _save(nodes: list, inputs: list, outputs: list, constants: list, path: Path) -> None:
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
