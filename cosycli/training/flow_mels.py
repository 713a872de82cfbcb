"""Step `flow-mels`: what the trained flow makes of the corpus' speech tokens.

The vocoder's last training hears these mels beside the recordings' own: they are a little smoother, and their pauses
are not silent. Frame by frame they belong to the same samples.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from cosycli.model.flow import Flow, FlowInput
from cosycli.model.masks import FlowMask
from cosycli.training.tokenizer import open_tokenized

BATCH_SIZE = 8


@torch.inference_mode()
def write_flow_mels(corpus_folder: Path, tokens_folder: Path, flow: Flow, target: Path) -> None:
    """Write a file `NAME.mel`, laid out as the corpus' own, for every shard with tokens that `target` lacks."""
    target.mkdir(parents=True, exist_ok=True)
    num_mels = flow.profile.num_mels
    for path in tqdm(sorted(tokens_folder.glob("*.safetensors")), desc="flow mels", unit="shard"):
        finished = target / f"{path.stem}.mel"
        if finished.exists():
            continue
        data = open_tokenized(corpus_folder, tokens_folder, [path.stem])
        unfinished = finished.with_suffix(".tmp")
        with unfinished.open("wb") as file:
            for start in range(0, len(data.tokens), BATCH_SIZE):
                rows = range(start, min(start + BATCH_SIZE, len(data.tokens)))
                inputs = [
                    FlowInput(
                        data.tokens[row].long(),
                        data.embeddings[row],
                        torch.zeros(0, dtype=torch.long),
                        torch.zeros(num_mels, 0),
                        seed=row,
                    )
                    for row in rows
                ]
                for mel in flow.mels(inputs, FlowMask.FULL):
                    file.write(mel.T.contiguous().numpy().astype(np.float16).tobytes())
        unfinished.rename(finished)
