"""`cosy speak --stream`: speaks text while it arrives."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from cosycli.cli.progress import Progress
from cosycli.cli.speech_report import tell_failures, tell_notes, tell_what_was_made
from cosycli.errors import InputError, UsageError

if TYPE_CHECKING:
    from cosycli.engine.prepare import Prepared
    from cosycli.engine.streaming import Latency
    from cosycli.engine.utterance import Utterance
    from cosycli.jobs.destination import Destination
    from cosycli.settings import RenderOptions


def check_streamable(settings: RenderOptions, mask: str | None) -> None:
    """Raises UsageError for settings that a stream cannot obey.

    Args:
        mask: as given on the command line, or None.
    """
    if settings.speed != 1.0:
        raise UsageError("A stream has the voice's own speed.", "Leave out --speed, or --stream.")
    if settings.verify:
        raise UsageError("A stream is written before it could be re-rendered.", "Leave out --verify, or --stream.")
    if mask not in (None, "chunk"):
        raise UsageError(f"A stream cannot be rendered with the {mask} mask.", "Leave out --mask, or --stream.")


def speak_stream(sentences: Iterable[str], settings: RenderOptions, destination: Destination, report: Progress) -> bool:
    """Speak sentences into their destination while they arrive, and report the latency of the first packet.

    Returns:
        whether all passages passed their checks, which run when the sound has already been written.
    """
    started = time.monotonic()
    import cosycli
    from cosycli.engine.prepare import prepare

    destination.check()
    utterances = _utterances(sentences, prepare(settings), report)
    synthesizer = cosycli.load(**settings.loading)
    stream = synthesizer.stream(utterances)
    num_samples = destination.write(stream, synthesizer.sample_rate)
    if not num_samples:
        raise InputError("No word that can be spoken has arrived.", "Give at least one: echo Hello. | cosy speak …")
    tell_what_was_made(destination, num_samples / synthesizer.sample_rate, time.monotonic() - started, report)
    if stream.latency is not None:
        _tell_latency(stream.latency, report)
    tell_failures(stream.failed, report)
    return not stream.failed


def _utterances(sentences: Iterable[str], prepared: Prepared, report: Progress) -> Iterator[Utterance]:
    """Yields the utterances of each sentence once it has arrived."""
    from cosycli.engine.speech import read_text
    from cosycli.script.timing import DEFAULT_PAUSES

    for sentence in sentences:
        try:
            ready = read_text(sentence, prepared)
        except InputError:  # it holds no word
            report.tell(f"Not spoken: {sentence.strip()[:40]!r}.", text=sentence.strip())
            continue
        tell_notes(ready.notes, report)
        *before, last = ready.utterances
        yield from before
        segment = last.segment
        if segment.pause_after_s == DEFAULT_PAUSES.paragraph_s and not sentence.endswith("\n"):
            segment = replace(segment, pause_after_s=DEFAULT_PAUSES.sentence_s)
        yield replace(last, segment=segment)


def _tell_latency(latency: Latency, report: Progress) -> None:
    """Report the latency M · d_lm + M · d_fm + M · d_voc with each term (CosyVoice 2, section 2.5)."""
    names = ("d_lm_s", "d_fm_s", "d_voc_s")
    seconds = (latency.language_model_s, latency.flow_s, latency.vocoder_s)
    shares = {name: stage_s / latency.num_tokens for name, stage_s in zip(names, seconds, strict=True)}
    lm, fm, voc = (f"{1000 * share:.1f}" for share in shares.values())
    report.tell(
        f"First packet after {latency.total_s:.2f} s: {latency.num_tokens} tokens × "
        f"({lm} ms language model + {fm} ms flow + {voc} ms vocoder).",
        latency_s=round(latency.total_s, 4),
        num_tokens=latency.num_tokens,
        **{name: round(share, 6) for name, share in shares.items()},
    )
