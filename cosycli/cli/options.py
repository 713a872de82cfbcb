"""Options that mean the same to every command that speaks."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = [
    "Device",
    "Dtype",
    "Mask",
    "Model",
    "ProgressStyle",
    "Quiet",
    "Seed",
    "Speed",
    "Style",
    "Voice",
]

Voice = Annotated[str | None, typer.Option(help="A voice of `cosy voices list`, or a voice folder.")]
Model = Annotated[str | None, typer.Option(help="A model of `cosy models list`, or a model folder.")]
Style = Annotated[str | None, typer.Option(help="A style such as happy, or an instruction in words.")]
Speed = Annotated[float | None, typer.Option(help="0.5 to 2; 1 is the voice's own.")]
Seed = Annotated[int | None, typer.Option(help="Another number gives another reading.")]
Mask = Annotated[str | None, typer.Option(help="Flow attention: full, causal, chunk or double-chunk.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda or mps; else the fastest there is.")]
Dtype = Annotated[str | None, typer.Option(help="float32 or bfloat16; else what suits the device.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but errors.")]
ProgressStyle = Annotated[str, typer.Option(help="auto, rich, plain, json or none.")]
