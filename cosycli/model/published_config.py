"""The configuration that a published model brings, read as plain data.

A published model directory describes itself in a YAML file whose `!new:` and `!name:` tags would import and call code
in the hands of its authors' loader. Here every tag is plain data: only numbers are taken.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cosycli.errors import MissingError

__all__ = [
    "CAUSAL_VOCODER_KEYS",
    "CONFORMER_FLOW_KEYS",
    "LANGUAGE_MODEL_KEYS",
    "MEL_KEYS",
    "REGULATED_FLOW_KEYS",
    "REMEDY",
    "TRANSFORMER_FLOW_KEYS",
    "TRANSFORMER_KEYS",
    "VOCODER_KEYS",
    "read_config",
    "value_at",
]

REMEDY = "Fetch the model again with `cosy models pull`."

# Where the published YAML keeps each number: profile field -> key path.
MEL_KEYS = {"sample_rate": "sample_rate"}
LANGUAGE_MODEL_KEYS = {
    "num_codes": "llm.speech_token_size",
    "top_p": "llm.sampling.top_p",
    "top_k": "llm.sampling.top_k",
    "repetition_window": "llm.sampling.win_size",
    "repetition_ratio": "llm.sampling.tau_r",
}
TRANSFORMER_KEYS = {
    "num_text_ids": "llm.text_token_size",
    "text_width": "llm.text_encoder_input_size",
    "encoder_width": "llm.text_encoder.output_size",
    "encoder_heads": "llm.text_encoder.attention_heads",
    "encoder_ff": "llm.text_encoder.linear_units",
    "num_encoder_blocks": "llm.text_encoder.num_blocks",
    "width": "llm.llm_input_size",
    "num_heads": "llm.llm.attention_heads",
    "ff": "llm.llm.linear_units",
    "num_blocks": "llm.llm.num_blocks",
    "speaker_width": "llm.spk_embed_dim",
}
_FLOW_KEYS = {
    "num_codes": "flow.vocab_size",
    "num_mels": "flow.output_size",
    "speaker_width": "flow.spk_embed_dim",
    "lookahead": "flow.pre_lookahead_len",
    "mel_per_token": "flow.token_mel_ratio",
    "guidance": "flow.decoder.cfm_params.content.inference_cfg_rate",
}
CONFORMER_FLOW_KEYS = _FLOW_KEYS | {
    "chunk": "flow.encoder.static_chunk_size",
    "encoder_width": "flow.encoder.output_size",
    "encoder_heads": "flow.encoder.attention_heads",
    "encoder_ff": "flow.encoder.linear_units",
    "num_encoder_blocks": "flow.encoder.num_blocks",
    "estimator_width": "flow.decoder.estimator.channels.0",
    "estimator_heads": "flow.decoder.estimator.num_heads",
    "estimator_head_width": "flow.decoder.estimator.attention_head_dim",
    "num_transformers": "flow.decoder.estimator.n_blocks",
    "num_mid_blocks": "flow.decoder.estimator.num_mid_blocks",
}
REGULATED_FLOW_KEYS = CONFORMER_FLOW_KEYS | {
    "token_rate": "flow.input_frame_rate",
    "sample_rate": "sample_rate",
    "hop": "feat_extractor.hop_size",
}
TRANSFORMER_FLOW_KEYS = _FLOW_KEYS | {
    "chunk": "chunk_size",
    "encoder_width": "flow.input_size",
    "lookahead_width": "flow.pre_lookahead_layer.channels",
    "estimator_width": "flow.decoder.estimator.dim",
    "estimator_heads": "flow.decoder.estimator.heads",
    "estimator_head_width": "flow.decoder.estimator.dim_head",
    "estimator_ff": "flow.decoder.estimator.ff_mult",
    "num_blocks": "flow.decoder.estimator.depth",
}
VOCODER_KEYS = {
    "sample_rate": "hift.sampling_rate",
    "num_mels": "hift.in_channels",
    "width": "hift.base_channels",
    "num_harmonics": "hift.nb_harmonics",
    "sine_amplitude": "hift.nsf_alpha",
    "noise_std": "hift.nsf_sigma",
    "voiced_above_hz": "hift.nsf_voiced_threshold",
    "upsample_rates": "hift.upsample_rates",
    "upsample_kernels": "hift.upsample_kernel_sizes",
    "istft_n_fft": "hift.istft_params.n_fft",
    "istft_hop": "hift.istft_params.hop_len",
    "resblock_kernels": "hift.resblock_kernel_sizes",
    "resblock_dilations": "hift.resblock_dilation_sizes",
    "source_kernels": "hift.source_resblock_kernel_sizes",
    "source_dilations": "hift.source_resblock_dilation_sizes",
    "leaky_slope": "hift.lrelu_slope",
    "audio_limit": "hift.audio_limit",
    "f0_width": "hift.f0_predictor.cond_channels",
}
CAUSAL_VOCODER_KEYS = VOCODER_KEYS | {"lookahead": "hift.conv_pre_look_right"}


class _PlainLoader(yaml.SafeLoader):
    """Reads any tagged node as the mapping, list or string under the tag."""


def _untag(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_PlainLoader.add_multi_constructor("!", _untag)


def read_config(path: Path) -> dict[str, Any]:
    """What the file says, without running any of it.

    Raises:
        MissingError: it is not valid YAML, or holds no settings.
    """
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_PlainLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise MissingError(f"{path} cannot be read: {error}", REMEDY) from None
    if not isinstance(tree, dict):
        raise MissingError(f"{path} holds no settings.", REMEDY)
    return tree


def value_at(tree: Any, key: str) -> Any:
    """The value at a dotted key, with `!ref <name>` followed to the top level; None when absent."""
    node = tree
    for step in key.split("."):
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            return None
    if isinstance(node, str) and node.startswith("<") and node.endswith(">"):
        return tree.get(node[1:-1])
    return node
