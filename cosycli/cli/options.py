"""Options that mean the same to every command that speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

__all__ = [
    "Device",
    "Dtype",
    "ExecutorOptions",
    "Format",
    "Mask",
    "Memory",
    "Model",
    "Output",
    "Play",
    "ProgressStyle",
    "Prompt",
    "Quiet",
    "Rendering",
    "Speed",
    "Style",
    "Variant",
    "Voice",
    "VoiceOptions",
]

Output = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FILE|-", help="Where the audio goes; - is standard output.")
]
Format = Annotated[
    str | None, typer.Option(metavar="FORMAT", help="wav, flac, mp3, opus or raw (s16le); else by the name of FILE.")
]
Voice = Annotated[str | None, typer.Option(help="A voice of `cosy voices list`, or a voice folder.")]
Model = Annotated[str | None, typer.Option(help="A model of `cosy models list`, or a model folder.")]
Variant = Annotated[str | None, typer.Option(help="Another training of the model that comes with it, such as rl.")]
Style = Annotated[str | None, typer.Option(help="A style such as happy, or an instruction in words.")]
Speed = Annotated[float | None, typer.Option(help="0.5 to 2; 1 is the voice's own.")]
Mask = Annotated[str | None, typer.Option(help="Flow attention: full, causal, chunk or double-chunk.")]
Prompt = Annotated[
    float | None, typer.Option(metavar="SECONDS", help="How much of a voice's clip the flow hears at most; 6.")
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda or mps; else the fastest there is.")]
Dtype = Annotated[str | None, typer.Option(help="float32 or bfloat16; else what suits the device.")]
Memory = Annotated[
    str | None, typer.Option(metavar="SIZE", help="For model and batches, such as 4GB; else half of what is free.")
]
Play = Annotated[bool, typer.Option("--play", help="Play the audio, with or without -o.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but errors.")]
ProgressStyle = Annotated[str, typer.Option(help="auto, rich, plain, json or none.")]


@dataclass(frozen=True)
class VoiceOptions:
    """How words are said; settings by these names."""

    voice: Voice = None
    model: Model = None
    variant: Variant = None
    style: Style = None
    speed: Speed = None
    seed: Annotated[int | None, typer.Option(help="Another number gives another reading.")] = None


@dataclass(frozen=True)
class Rendering:
    """How the model works; settings by these names."""

    mask: Mask = None
    prompt: Prompt = None
    verify: Annotated[
        bool | None, typer.Option("--verify", help="Listen to each segment; draw it again where the words are wrong.")
    ] = None
    device: Device = None
    dtype: Dtype = None
    retakes: Annotated[
        int | None, typer.Option(metavar="N", help="How often a segment that fails its checks is drawn again; 2.")
    ] = None
    memory: Memory = None


@dataclass(frozen=True)
class ExecutorOptions:
    """Where the model works."""

    executor: Annotated[str, typer.Option(help="local, or ray: many processes, GPUs or machines.")] = "local"
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Of ray; else one for each GPU, or machine without any.")
    ] = None
    ray_address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="A running Ray cluster; else one is started on this machine."),
    ] = None
