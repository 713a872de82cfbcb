"""Text and books into speech with the CosyVoice models.

>>> import cosycli
>>> speech = cosycli.load().speak("Every good book deserves a voice of its own.")
>>> speech.sample_rate
24000
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cosycli.engine.synthesizer import Speech, Synthesizer

__all__ = ["Speech", "Synthesizer", "__version__", "load"]

__version__ = "0.1.0"


def load(
    model: str = "builtin",
    device: str | None = None,
    dtype: str | None = None,
    variant: str | None = None,
    verify: bool = False,
    retakes: int = 2,
    memory: str | None = None,
    prompt: float = 6.0,
) -> Synthesizer:
    """A model, ready to speak.

    Args:
        model: a name that `cosy models list` shows, or the path of a model directory.
        device: cpu, cuda or mps; None for the fastest there is.
        dtype: float32 or bfloat16; None for what suits the device.
        variant: another training of the language model that the model brings, such as rl of CosyVoice 3.
        verify: have a recognizer listen to what is spoken, and draw again what it hears otherwise.
        retakes: how often what fails a check is drawn again; the best draw is kept.
        memory: for model and batches together, such as 4GB; None for half of what is free.
        prompt: seconds at the end of a voice's clip that the flow goes on from; the language model hears all of it.

    Raises:
        MissingError: the model is not on this machine, or is damaged; or there is no recognizer for it.
        UsageError: the device, dtype or variant does not exist here, or the memory is too little for the model.
    """
    from cosycli.engine.synthesizer import Synthesizer
    from cosycli.model.library import find_model
    from cosycli.model.loading import load_model

    return Synthesizer(load_model(find_model(model), device, dtype, variant), verify, retakes, memory, prompt)


def __getattr__(name: str) -> Any:
    """`Speech` and `Synthesizer` come with torch, so they are imported only when asked for."""
    if name in ("Speech", "Synthesizer"):
        from cosycli.engine import synthesizer

        return getattr(synthesizer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
