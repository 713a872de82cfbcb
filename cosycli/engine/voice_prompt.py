"""What a voice gives the networks: something to read before the text, and something to sound like.

The mode follows from it: instruct, SFT, zero-shot or cross-lingual (CosyVoice, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cosycli.engine.capabilities import reads_katakana
from cosycli.engine.utterance import Utterance
from cosycli.model.features import log_mel
from cosycli.model.loading import Model
from cosycli.model.profile import FlowProfile
from cosycli.model.reference_encoder import resampled
from cosycli.model.speech_decoder import Request
from cosycli.script.japanese import in_katakana
from cosycli.script.languages import primary_language
from cosycli.script.pronunciation import spell_words
from cosycli.sound.recording import read_reference
from cosycli.voices import Voice, find_voice

# Seconds of a clip that are the flow's prompt. It was trained on prompts of up to 30 % of the whole
# (`cosycli.training.flow`, as in the published code): 6 s before a segment of 14 s. Longer ones take it longer.
PROMPT_S = 6.0


@dataclass(frozen=True, eq=False)
class VoicePrompt:
    """What one voice is to one model.

    Attributes:
        instruction: control text before every utterance, or None: `Speaker NAME` for a speaker of the built-in model.
        transcript: the words of the reference clip, empty where it is not known or not used.
        tokens, mel: (S,) speech tokens and their mel (num_mels, M), the flow's prompt: the end of the clip. Empty for a
            voice known by its embedding alone.
        speaker: (speaker_width,) embedding.
        clip_tokens: (S',) of the whole clip, the language model's prompt after the transcript.
    """

    instruction: str | None
    transcript: str
    tokens: Tensor
    mel: Tensor
    speaker: Tensor
    clip_tokens: tuple[int, ...] = ()

    def shortened(self, num_tokens: int, flow: FlowProfile) -> VoicePrompt:
        """The voice with at most the last `num_tokens` tokens as the flow's prompt; it may begin within a word."""
        num_cut = len(self.tokens) - num_tokens
        if num_cut <= 0:
            return self
        first_frame = self.mel.shape[1] - flow.num_frames(num_tokens)
        return replace(self, tokens=self.tokens[num_cut:], mel=self.mel[:, first_frame:])


def prepare_voice(model: Model, name: str, prompt_s: float = PROMPT_S) -> VoicePrompt:
    """SFT where the model knows the speaker by name, zero-shot or cross-lingual from the reference clip elsewhere.

    Args:
        name: of a voice of the library, its folder, or a speaker of the model.
        prompt_s: seconds of a longer clip that are the flow's prompt.

    Raises:
        MissingError: there is no such voice, or it is of no use to the model; or what reads a Japanese transcript is
            not installed.
        InputError: the clip is not fit to be imitated.
    """
    voice = find_voice(name, model.directory)
    if voice.speaker in model.speakers:
        return _known_speaker(model, voice.speaker)
    assert voice.reference is not None  # or it would not have been found
    whole, flow = _imitated(model, voice.reference, _transcript(model, voice)), model.profile.flow
    return whole.shortened(round(prompt_s * flow.token_rate), flow)


def _transcript(model: Model, voice: Voice) -> str:
    """The words of the clip in the script that the model reads."""
    words = voice.transcript or ""
    return in_katakana(words) if primary_language(voice.language) == "ja" and reads_katakana(model.profile) else words


def _known_speaker(model: Model, name: str) -> VoicePrompt:
    return VoicePrompt(
        instruction=_introduction(model, name),
        transcript="",
        tokens=torch.zeros(0, dtype=torch.long),
        mel=torch.zeros(model.profile.mel.num_mels, 0),
        speaker=model.speakers[name],
    )


def _introduction(model: Model, name: str) -> str | None:
    """`Speaker NAME`, for models that were trained to be told (CosyVoice 2, section 2.6)."""
    return f"Speaker {name}" if model.profile.names_speakers else None


def _imitated(model: Model, clip: Path, transcript: str) -> VoicePrompt:
    recording = read_reference(clip)
    speaker = model.reference_encoder.speaker(recording.samples, recording.sample_rate)
    tokens, mel = encode_clip(model, recording.samples, recording.sample_rate)
    if not model.profile.names_speakers:
        return VoicePrompt(None, transcript, tokens, mel, speaker, tuple(tokens.tolist()))
    nearest = max(model.speakers, key=lambda name: float(torch.dot(model.speakers[name], speaker)))
    return VoicePrompt(_introduction(model, nearest), "", tokens, mel, speaker)


def encode_clip(model: Model, samples: NDArray[np.float32], sample_rate: int) -> tuple[Tensor, Tensor]:
    """Speech tokens (S,) and mel (num_mels, M) of a recording, cut to the same length."""
    tokens = model.reference_encoder.tokens(samples, sample_rate)
    mel = log_mel(resampled(samples, sample_rate, model.profile.mel.sample_rate), model.profile.mel)[0]
    num_tokens, num_frames = model.profile.flow.matching(len(tokens), mel.shape[1])
    return tokens[:num_tokens], mel[:, :num_frames]


def request_of(item: Utterance, prompt: VoicePrompt, model: Model) -> Request:
    """What the language model reads of an utterance in a voice: instruct, zero-shot, or SFT and cross-lingual.

    The opening counts for the length of the speech where it stands before the text alone, as in the authors' code.
    """
    tokenizer, profile = model.text_tokenizer, model.profile
    text = tokenizer.encode(spell_words(item.segment.text) if profile.spells_words else item.segment.text)
    if profile.takes_rates:
        instruction: str | None = ", ".join(part for part in (prompt.instruction, item.instruction) if part)
    else:
        instruction = item.instruction or prompt.instruction
    told = " ".join(part for part in (profile.opening, instruction) if part)
    opening = tokenizer.encode("", instruction=told) if told else []
    num_opening = len(opening) if profile.opening else 0
    if instruction is not None:
        # CosyVoice 1 is not told who speaks: to its authors the embedding tells too much beside an instruction.
        return Request(text, opening, seed=item.seed, num_opening=num_opening)
    if prompt.transcript:
        before = (*opening, *tokenizer.encode(prompt.transcript))
        return Request(text, before, prompt.clip_tokens, item.seed, prompt.speaker, num_opening)
    tag = _language_tag(item.segment.language, model) if len(prompt.tokens) else []
    return Request((*opening, *tag, *text), seed=item.seed, speaker=prompt.speaker, num_opening=num_opening)


def _language_tag(language: str, model: Model) -> list[int]:
    """For models that are told the language of a text which a voice of another may speak."""
    is_known = language in model.profile.language_tags
    return [model.text_tokenizer.id_of(f"<|{language}|>")] if is_known else []
