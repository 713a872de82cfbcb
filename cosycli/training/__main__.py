"""The recipe of the built-in model, a command for each step.

All steps share a work folder. Each goes on from its checkpoint when it is started again.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cosycli.model.library import BUILTIN, model_folder
from cosycli.model.profile import ModelProfile, read_profile

RECIPE = Path(__file__).parent  # of the model's profile: what is trained may differ from what is shipped

RECIPE = Path(__file__).parent  # of the model's profile: what is trained may differ from what is shipped

app = typer.Typer(
    help="Train the built-in model. In order: corpus, tokenizer, tokens, language-model, flow, vocoder, "
    "refine-vocoder, export. After tokens, the next three steps do not need each other and can run side by side.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Work = Annotated[Path, typer.Option("--work", help="Folder for the corpus, checkpoints and logs.")]
Minutes = Annotated[float, typer.Option(help="How long to train; the learning rate falls to zero at the end.")]
Threads = Annotated[int, typer.Option(help="CPU threads.")]


def _start(threads: int) -> ModelProfile:
    import torch

    torch.set_num_threads(threads)
    return read_profile(RECIPE)


@app.command()
def corpus(
    work: Work,
    english: Annotated[Path, typer.Option(help="English sentences, one a line; may be gzipped.")],
    mandarin: Annotated[Path, typer.Option(help="Mandarin sentences, one a line; may be gzipped.")],
    voices: Annotated[Path | None, typer.Option(help="Folder of Kokoro's voices, NAME.bin.")] = None,
    part: Annotated[
        list[str] | None, typer.Option(help="A part of the corpus; repeatable. All of them if left out.")
    ] = None,
    scale: Annotated[float, typer.Option(help="Share of each part's hours to speak.")] = 1.0,
) -> None:
    """Let the teachers speak the text and compute the mels. Several of these can run side by side on other parts."""
    import torch

    from cosycli.training.casting import PARTS
    from cosycli.training.corpus import make_part, open_teacher
    from cosycli.training.sentences import read_sentences

    torch.set_num_threads(1)
    sentences = {"en": read_sentences(english, "en"), "zh": read_sentences(mandarin, "zh")}
    for each in PARTS:
        if not part or each.name in part:
            teacher = open_teacher(each.teacher, voices)
            make_part(replace(each, hours=each.hours * scale), sentences, teacher, work / "corpus")


@app.command()
def tokenizer(work: Work, minutes: Minutes = 24, threads: Threads = 1) -> None:
    """Train the FSQ speech tokenizer, the recognizer and the speaker encoder."""
    profile = _start(threads)
    from cosycli.training.tokenizer import train_tokenizer

    train_tokenizer(work / "corpus", work / "tokenizer", minutes, profile)


@app.command()
def tokens(work: Work, threads: Threads = 1) -> None:
    """Write the speech tokens of the whole corpus and print the share of the codebook in use."""
    profile = _start(threads)
    from cosycli.training.tokenizer import write_tokens

    share = write_tokens(work / "corpus", work / "tokenizer", work / "tokens", profile)
    print(f"codebook use {share:.1%}")


@app.command()
def language_model(work: Work, minutes: Minutes = 97, threads: Threads = 1) -> None:
    """Train the text-speech language model on both sequence layouts."""
    profile = _start(threads)
    from cosycli.training.language_model import train_language_model

    train_language_model(work / "corpus", work / "tokens", work / "language_model", minutes, profile.language_model)


@app.command()
def flow(work: Work, minutes: Minutes = 97, threads: Threads = 1) -> None:
    """Train flow matching from speech tokens to mel with all four masks."""
    profile = _start(threads)
    from cosycli.training.flow import train_flow

    train_flow(work / "corpus", work / "tokens", work / "flow", minutes, profile.flow)


@app.command()
def flow_mels(work: Work, threads: Threads = 1) -> None:
    """Let the trained flow make mels of the corpus, for the last part of the vocoder's training."""
    profile = _start(threads)
    from cosycli.model.loading import new_flow
    from cosycli.training.flow_mels import write_flow_mels
    from cosycli.training.run import read_average

    trained = new_flow(profile.flow)
    trained.load_state_dict(read_average(work / "flow"))
    write_flow_mels(work / "corpus", work / "tokens", trained.eval(), work / "flow-mels")


FlowMels = Annotated[bool, typer.Option("--flow-mels", help="Hear the mels of the step flow-mels too.")]


@app.command()
def vocoder(work: Work, minutes: Minutes = 50, threads: Threads = 1, flow_mels: FlowMels = False) -> None:
    """Train the vocoder on spectra."""
    _start(threads)
    from cosycli.model.profile_parts import SourceFilterVocoderProfile
    from cosycli.training.vocoder import train_vocoder

    mels = work / "flow-mels" if flow_mels else None
    train_vocoder(work / "corpus", work / "vocoder", minutes, SourceFilterVocoderProfile(), mels)


@app.command()
def refine_vocoder(work: Work, minutes: Minutes = 40, threads: Threads = 1, flow_mels: FlowMels = False) -> None:
    """Train the vocoder further against critics."""
    _start(threads)
    from cosycli.model.profile_parts import SourceFilterVocoderProfile
    from cosycli.training.vocoder import refine_vocoder as refine

    mels = work / "flow-mels" if flow_mels else None
    refine(work / "corpus", work / "vocoder", minutes, SourceFilterVocoderProfile(), mels)


@app.command()
def export(work: Work) -> None:
    """Write the averaged weights into the package, in 16 bits."""
    from cosycli.training.export import export as write_model

    write_model(work / "corpus", work, model_folder(BUILTIN))


@app.command()
def recite(
    sentences: Annotated[Path, typer.Argument(help="A text file, one sentence a line.")],
    target: Annotated[Path, typer.Argument(help="Folder for 000.wav, 001.wav, ….")],
    voice: Annotated[str | None, typer.Option(help="A voice of `cosy voices list`.")] = None,
) -> None:
    """Let the built-in model say a list of sentences, one file each, to judge it by."""
    from cosycli.training.recite import recite as say_all

    print(f"{say_all(sentences, target, voice):.0f} s of speech in {target}")


@app.command()
def plot(work: Work) -> None:
    """Draw the losses of every step into losses.png in the work folder."""
    from cosycli.training.plot import plot_losses

    print(plot_losses(work))


if __name__ == "__main__":
    app()
