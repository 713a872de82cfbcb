"""The recipe of the built-in model, a command for each step.

All steps share a work folder. Each goes on from its checkpoint when it is started again.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosycli.errors import CosyError

if TYPE_CHECKING:
    from cosycli.model.profile import ModelProfile

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

    from cosycli.model.profile import read_profile

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
def warm_start(
    work: Work, model: Annotated[Path, typer.Option(help="Folder of an earlier built-in model.")], threads: Threads = 1
) -> None:
    """Begin the language model and the flow with the weights of an earlier model; leave out to begin from nothing."""
    profile = _start(threads)
    from cosycli.training.warm_start import start_from

    start_from(model, work, profile)


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
    """Train the vocoder further against discriminators."""
    _start(threads)
    from cosycli.model.profile_parts import SourceFilterVocoderProfile
    from cosycli.training.vocoder import refine_vocoder as refine

    mels = work / "flow-mels" if flow_mels else None
    refine(work / "corpus", work / "vocoder", minutes, SourceFilterVocoderProfile(), mels)


@app.command()
def export(work: Work) -> None:
    """Write the averaged weights into the package, in 16 bits."""
    from cosycli.model.library import BUILTIN, model_folder
    from cosycli.training.export import export as write_model

    write_model(work / "corpus", work, model_folder(BUILTIN))


@app.command()
def samples(
    sentences: Annotated[Path, typer.Argument(help="A text file, one sentence a line.")],
    target: Annotated[Path, typer.Argument(help="Folder for 000.wav, 001.wav, ….")],
    voice: Annotated[str | None, typer.Option(help="A voice of `cosy voices list`.")] = None,
) -> None:
    """Let the built-in model say a list of sentences, one file each, to judge it by."""
    from cosycli.training.samples import speak_samples

    print(f"{speak_samples(sentences, target, voice):.0f} s of speech in {target}")


@app.command()
def judge(
    sentences: Annotated[Path, typer.Argument(help="A text file, one sentence a line.")],
    folder: Annotated[Path, typer.Argument(help="Folder of 000.wav, 001.wav, …, which say them.")],
    language: Annotated[str, typer.Option(help="en, zh, or mixed for Mandarin with English words.")] = "en",
    tones: Annotated[bool, typer.Option("--tones", help="Count wrong tones of Mandarin too.")] = False,
    like: Annotated[Path | None, typer.Option(help="A clip of the speaker to compare with.")] = None,
    windows: Annotated[bool, typer.Option("--windows", help="Give Distill-MOS for every 10 s of long files.")] = False,
    worst: Annotated[int, typer.Option(help="How many of the files with most errors to print.")] = 0,
) -> None:
    """Judge spoken sentences by models that had no part in making them (the extra `judge`)."""
    from cosycli.training.judge import JudgeOptions, report
    from cosycli.training.judge import judge as judge_files

    judgement = judge_files(sentences, folder, JudgeOptions(language, tones, like, windows))
    print("\n".join(report(judgement, worst)))


@app.command()
def plot(work: Work) -> None:
    """Draw the losses of every step into losses.png in the work folder."""
    from cosycli.training.plot import plot_losses

    print(plot_losses(work))


if __name__ == "__main__":
    try:
        app()
    except CosyError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
