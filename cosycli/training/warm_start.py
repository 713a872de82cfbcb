"""Step `warm-start`: the language model and the flow begin with the weights of an earlier built-in model.

How text aligns with speech, and mels with noise, is learned once; only the numbers of the speech tokens are new. What
the earlier model knew of its codes is carried over by who is heard together: the row of a new code begins as the mean
of the rows of the earlier codes that stand in the same places of the corpus.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.optim import Optimizer

from cosycli.errors import InputError
from cosycli.model.language_model import LanguageModel
from cosycli.model.loading import new_flow
from cosycli.model.profile import ModelProfile, read_profile
from cosycli.model.reference_encoder import SpeechTokenizer
from cosycli.training import flow, language_model
from cosycli.training.batches import pad_mels
from cosycli.training.run import TrainingRun
from cosycli.training.text_vocabulary import write_text_vocabulary
from cosycli.training.tokenizer import TokenizedCorpus, open_tokenized

MAX_UTTERANCES = 1500  # 210,000 tokens, a hundred for each of 2,187 codes; the tokenizer needs 12 s for them
BATCH_SIZE = 8
LANGUAGE_MODEL_TABLES = ("speech_embedding.weight", "llm_decoder.weight", "llm_decoder.bias")
FLOW_TABLES = ("input_embedding.weight",)


def start_from(earlier: Path, work_folder: Path, profile: ModelProfile) -> None:
    """Write the first checkpoints of the steps `language-model` and `flow`.

    Args:
        earlier: the folder of a built-in model of the same sizes, but for its speech tokens.

    Raises:
        InputError: one of the steps has a checkpoint already.
    """
    for step in ("language_model", "flow"):
        if (work_folder / step / "checkpoint.pt").exists():
            raise InputError(f"{work_folder / step} has a checkpoint already.", "Move it away to start anew.")
    data = open_tokenized(work_folder / "corpus", work_folder / "tokens")
    shares = _shares(data, earlier, read_profile(earlier), profile)
    num_tokens = write_text_vocabulary(work_folder / "language_model" / "text")
    text_to_speech = LanguageModel(profile.language_model, language_model.backbone_config(num_tokens))
    optimizers = language_model.make_optimizers(text_to_speech)
    _save(
        text_to_speech,
        optimizers,
        earlier / "llm.safetensors",
        LANGUAGE_MODEL_TABLES,
        shares,
        work_folder / "language_model",
    )
    tokens_to_mel = new_flow(profile.flow)
    _save(
        tokens_to_mel,
        flow.make_optimizers(tokens_to_mel),
        earlier / "flow.safetensors",
        FLOW_TABLES,
        shares,
        work_folder / "flow",
    )


def _save(
    network: nn.Module,
    optimizers: list[Optimizer],
    weights: Path,
    tables: tuple[str, ...],
    shares: Tensor,
    folder: Path,
) -> None:
    state = {name: value.float() for name, value in load_file(weights).items()}
    network.load_state_dict(state | {name: carried_over(state[name], shares) for name in tables})
    TrainingRun(folder, network, optimizers).save()


def carried_over(rows: Tensor, shares: Tensor) -> Tensor:
    """The rows of new codes, from the rows of earlier ones and of stop ids after them.

    Args:
        rows: (earlier codes + stop ids, …).
        shares: (new codes, earlier codes), each row sums to 1.

    Returns:
        (new codes + stop ids, …).
    """
    num_earlier = shares.shape[1]
    return torch.cat([shares @ rows[:num_earlier], rows[num_earlier:]])


@torch.inference_mode()
def _shares(data: TokenizedCorpus, earlier: Path, before: ModelProfile, now: ModelProfile) -> Tensor:
    """How often each earlier code stands where a new one does: (new codes, earlier codes), each row sums to 1."""
    tokenizer = SpeechTokenizer(before.speech_tokenizer)
    weights = load_file(earlier / "speech_tokenizer.safetensors")
    tokenizer.load_state_dict({name: value.float() for name, value in weights.items()})
    tokenizer.eval()
    counts = torch.zeros(now.language_model.num_codes, before.language_model.num_codes)
    chosen = range(0, len(data.tokens), max(1, len(data.tokens) // MAX_UTTERANCES))
    order = sorted(chosen, key=lambda index: len(data.tokens[index]))
    for start in range(0, len(order), BATCH_SIZE):
        rows = order[start : start + BATCH_SIZE]
        lengths = torch.tensor([len(data.tokens[index]) for index in rows])
        heard = tokenizer.encode(pad_mels([data.corpus.mel(index) for index in rows]), lengths)
        for index, codes in zip(rows, heard, strict=True):
            ours = data.tokens[index].long()
            counts.index_put_((ours, codes[: len(ours)].long()), torch.ones(len(ours)), accumulate=True)
    counts[counts.sum(dim=1) == 0] = counts.sum(dim=0)  # a code that was not heard starts as the mean of all
    return counts / counts.sum(dim=1, keepdim=True)
