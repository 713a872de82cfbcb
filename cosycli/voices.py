"""The voice library: one folder per voice.

    heart/
      voice.yaml       name, language, rights, and a speaker of the built-in model, a reference clip, or both
      reference.flac   3 to 30 s of the voice; its words are the `transcript` in voice.yaml

Shipped voices are part of the package; the user's own are in the user's data folder.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from cosycli.errors import CosyError, InputError, MissingError, UsageError, did_you_mean
from cosycli.folders import voices_folder

DEFAULT_VOICE = "heart"
# Voices of earlier versions, and those that are most like them now.
RETIRED = {"rms": "michael", "slt": "heart", "awb": "michael"}
DESCRIPTION = "voice.yaml"
REFERENCE = "reference.flac"
REFERENCE_RATE = 24_000  # Hz, the highest rate that a model uses
MAX_DESCRIPTION_BYTES = 64 * 1024
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # the form of a BCP 47 tag


@dataclass(frozen=True)
class Voice:
    """One voice of the library.

    Attributes:
        name: the value of `--voice`.
        language: BCP 47 tag of the language of the voice.
        rights: the owner of the voice, and the permission by which it is used.
        speaker: the name of a speaker that a model was trained on.
        reference: a clip of the voice; None only if it has a `speaker`.
        transcript: the words spoken in `reference`.
        folder: of the voice, or of the model that contains the speaker.
    """

    name: str
    language: str
    rights: str
    speaker: str | None
    reference: Path | None
    transcript: str | None
    folder: Path

    @property
    def is_shipped(self) -> bool:
        return self.folder.parent == shipped_folder()


def shipped_folder() -> Path:
    """The folder of shipped voices: in the installed package, or at the top of the repository."""
    package = Path(__file__).parent
    installed = package / "shipped_voices"
    return installed if installed.is_dir() else package.parent / "voices"


def voice_folders() -> dict[str, Path]:
    """The folder of each voice, by name; shipped voices come first."""
    found: dict[str, Path] = {}
    for place in (shipped_folder(), voices_folder()):
        for description in sorted(place.glob(f"*/{DESCRIPTION}")):
            found.setdefault(description.parent.name, description.parent)
    return found


def voice_names(model: Path | None = None) -> tuple[str, ...]:
    """The names of the voices of the library, and of the speakers of the model in the folder `model`.

    Raises:
        MissingError: the speaker table of the model is damaged.
    """
    return tuple(dict.fromkeys((*voice_folders(), *_speakers_of(model))))


def find_voice(name: str, model: Path | None = None) -> Voice:
    """The voice called `name` in the library, the voice in the folder `name`, or a speaker of a model.

    Args:
        model: the folder of a model that must be able to use the voice; its own speakers count as voices.

    Raises:
        MissingError: there is no such voice, its folder is damaged, or the model cannot use it.
    """
    folders = voice_folders()
    if name in folders or Path(name, DESCRIPTION).is_file():
        voice = read_voice(folders.get(name, Path(name)))
        if model is None or voice.reference is not None or voice.speaker in _speakers_of(model):
            return voice
        raise MissingError(
            f"The voice {name!r} is a speaker of another model and has no reference clip.",
            f"Voices here: {', '.join(voice_names(model))}. Add one from a clip with `cosy voices add`.",
        )
    if model is not None and name in _speakers_of(model):
        return Voice(name, "und", f"A speaker of the model {model.name}.", name, None, None, model)
    raise _unknown(name, voice_names(model))


def _speakers_of(model: Path | None) -> list[str]:
    from cosycli.model.speakers import speaker_names  # imported only here, to keep looking up voices fast

    return [] if model is None else speaker_names(model)


def _unknown(name: str, voices: Iterable[str]) -> MissingError:
    return MissingError(
        f"There is no voice {name!r}.",
        f"{nearest_voice(name, voices)}Voices: {', '.join(voices)}. Add one with `cosy voices add`.",
    )


def nearest_voice(name: str, voices: Iterable[str]) -> str:
    """For the start of a hint: the voice that may be meant by one that does not exist, and a space; or nothing."""
    if name in RETIRED:
        return f"Earlier versions had it; the nearest voice now is {RETIRED[name]!r}. "
    return did_you_mean(name, voices)


def read_voice(folder: Path) -> Voice:
    """The voice in `folder`.

    Raises:
        MissingError: the folder does not describe a voice.
    """
    path = folder / DESCRIPTION
    values = _read_description(path)
    known = {field.name for field in fields(Voice)} - {"folder"}
    for key in values:
        if key not in known:
            raise MissingError(
                f"{path} has an unknown key {key!r}.", f"{did_you_mean(key, known)}Keys: {sorted(known)}."
            )
    for key in ("name", "language", "rights"):
        if key not in values:
            raise MissingError(f"{path} does not give the {key} of the voice.", f"Add a line `{key}: …` to it.")
    if not {"speaker", "reference"} & set(values):
        raise MissingError(f"{path} names neither a speaker nor a reference clip.", "Add `reference: clip.wav` to it.")
    reference = values.pop("reference", None)
    return Voice(
        name=values["name"],
        language=values["language"],
        rights=values["rights"],
        speaker=values.get("speaker"),
        reference=None if reference is None else _inside(folder, reference),
        transcript=values.get("transcript"),
        folder=folder,
    )


def _read_description(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > MAX_DESCRIPTION_BYTES:
            raise MissingError(f"{path} is too large to describe a voice.", "Look at it, or remove the voice.")
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise MissingError(f"{path} cannot be read: {error}", "Fix it, or remove the voice.") from None
    if not isinstance(values, dict) or not all(isinstance(item, str) for pair in values.items() for item in pair):
        raise MissingError(f"{path} does not hold lines of `key: text`.", "Fix it, or remove the voice.")
    return values


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if Path(name).name != name or not path.is_file():
        raise MissingError(f"{folder / DESCRIPTION} names {name}, which is not in its folder.", "Put the clip there.")
    return path


def add_voice(name: str, clip: Path, transcript: str, language: str, rights: str) -> Voice:
    """Add a voice to the user's library; its clip becomes 24 kHz mono FLAC, without the silence at its ends.

    Raises:
        UsageError: the name is taken or invalid, or a description is empty or malformed.
        InputError: the clip cannot be a reference, or the library cannot be written.
    """
    import soundfile

    from cosycli.sound.recording import read_voice_clip

    _check_description(name, transcript, language, rights)
    recording = read_voice_clip(clip).resample(REFERENCE_RATE)
    folder = voices_folder() / name
    part = folder.with_name(f".{name}.{os.getpid()}.part")
    description = {
        "name": name,
        "language": language,
        "rights": rights.strip(),
        "reference": REFERENCE,
        "transcript": " ".join(transcript.split()),
    }
    try:
        part.mkdir(parents=True)
        soundfile.write(part / REFERENCE, recording.samples, REFERENCE_RATE, format="FLAC")
        text = yaml.safe_dump(description, allow_unicode=True, sort_keys=False, width=100)
        (part / DESCRIPTION).write_text(text, encoding="utf-8")
        part.rename(folder)
    except (OSError, soundfile.LibsndfileError) as error:
        raise InputError(
            f"The voice cannot be kept in {folder}: {error}",
            "Free some space there, or move the library with COSY_HOME.",
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return read_voice(folder)


def _check_description(name: str, transcript: str, language: str, rights: str) -> None:
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a voice.",
            "Use small letters, digits, - and _, starting with a letter or digit: ada-2",
        )
    if name in voice_folders():
        raise UsageError(f"There is a voice {name!r} already.", f"Choose another name, or `cosy voices remove {name}`.")
    if not LANGUAGE.fullmatch(language):
        raise UsageError(f"{language!r} is not the code of a language.", "For example: en, zh, ja, ko.")
    if not rights.strip():
        raise UsageError(
            "A voice belongs to somebody: say whose it is, and by what permission you use it.",
            '--rights "My own voice", or --rights "Ada Example, by her letter of 3 May 2026"',
        )
    if not transcript.strip():
        raise UsageError("The words spoken in the clip are needed.", '--transcript "The words, exactly as spoken."')


def remove_voice(name: str) -> Path:
    """Delete a voice of the user's library, and return its folder.

    Raises:
        UsageError: it is one of the shipped voices.
        MissingError: there is no such voice.
    """
    folders = voice_folders()
    if name not in folders:
        raise _unknown(name, folders)
    folder = folders[name]
    if folder.parent != voices_folder():
        raise UsageError(f"{name!r} came with the package and cannot be removed.", "`cosy voices list` shows your own.")
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise CosyError(f"{folder} cannot be removed: {error}", "Check its permissions.") from None
    return folder
