"""Text spoken while it arrives, for `cosy speak --stream`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from cosycli.cli.progress import Progress
from cosycli.errors import InputError, UsageError

if TYPE_CHECKING:
    from cosycli.cli.rendering import Destination
    from cosycli.engine.streaming import Latency
    from cosycli.engine.utterance import Utterance, VoiceSettings
    from cosycli.script import Script
    from cosycli.settings import Settings

__all__ = ["check_streamable", "render_stream"]


def check_streamable(settings: Settings, mask: str | None) -> None:
    """Raises UsageError for what a stream cannot do.

    Args:
        mask: where the command line names one.
    """
    if settings.speed != 1.0:
        raise UsageError("A stream is spoken at the voice's own speed.", "Leave out --speed, or --stream.")
    if settings.verify:
        raise UsageError("A stream is out before it could be drawn again.", "Leave out --verify, or --stream.")
    if mask not in (None, "chunk"):
        raise UsageError(f"A stream cannot be made with the {mask} mask.", "Leave out --mask, or --stream.")


def render_stream(sentences: Iterable[str], settings: Settings, destination: Destination, report: Progress) -> bool:
    """Speak sentences as they arrive into their destination, and say how long the first sound took.

    Returns:
        whether all that was spoken passes the gates; it is out when they have judged it.
    """
    started = time.monotonic()
    import cosycli
    from cosycli.cli.rendering import tell_what_failed, tell_what_was_made, write_out
    from cosycli.engine.capabilities import read_for
    from cosycli.jobs.plan import voice_settings_of
    from cosycli.model.profile import read_profile
    from cosycli.model_library import find_model, language_model_weights
    from cosycli.voices import find_voice

    destination.check()
    folder = find_model(settings.model)
    language_model_weights(folder, settings.variant)
    profile = read_profile(folder)
    voice_settings = voice_settings_of(settings, profile)
    find_voice(voice_settings.voice, folder)
    utterances = _utterances(sentences, partial(read_for, profile, folder=folder), voice_settings, report)
    synthesizer = cosycli.load(**settings.loading)
    stream = synthesizer.stream(utterances)
    num_samples = write_out(stream, destination, synthesizer.sample_rate)
    if not num_samples:
        raise InputError("No word that can be spoken has arrived.", "Give at least one: echo Hello. | cosy speak …")
    tell_what_was_made(destination, num_samples / synthesizer.sample_rate, time.monotonic() - started, report)
    if stream.latency is not None:
        _tell_latency(stream.latency, report)
    for passage in stream.failed:
        tell_what_failed(passage.text, passage.failures, report)
    return not stream.failed


def _utterances(
    sentences: Iterable[str], read: Callable[[str], Script], voice_settings: VoiceSettings, report: Progress
) -> Iterator[Utterance]:
    """What is to be said of each sentence, once that has arrived."""
    from cosycli.cli.rendering import tell_what_was_found
    from cosycli.engine.utterance import utterances_of
    from cosycli.script.pauses import DEFAULT_PAUSES

    for sentence in sentences:
        try:
            script = read(sentence)
        except InputError:  # it holds no word
            report.tell(f"Not spoken: {sentence.strip()[:40]!r}.", text=sentence.strip())
            continue
        tell_what_was_found(script, report)
        *before, last = script.segments
        if last.pause_after_s == DEFAULT_PAUSES.paragraph_s and not sentence.endswith("\n"):
            last = replace(last, pause_after_s=DEFAULT_PAUSES.sentence_s)
        yield from utterances_of([*before, last], voice_settings)


def _tell_latency(latency: Latency, report: Progress) -> None:
    """M · d_lm + M · d_fm + M · d_voc, with each term (CosyVoice 2, section 2.5)."""
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
