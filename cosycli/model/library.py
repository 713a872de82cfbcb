"""The model library: the built-in model, the published models, and any folder that contains a model.

A published model is present when its manifest exists, which a download writes last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from cosycli.errors import MissingError, UsageError, did_you_mean
from cosycli.folders import models_folder, packaged_yaml

BUILTIN = "builtin"
MANIFEST = "manifest.json"
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class ModelFile:
    """A file of a model: its path in the model folder, size in bytes and checksum; None is unknown."""

    path: str
    size: int | None
    sha256: str | None


@dataclass(frozen=True)
class Source:
    """The id of a model on a hub, and its revision: a commit, or a branch if the hub serves no commits."""

    id: str
    revision: str


@dataclass(frozen=True)
class PublishedModel:
    """A model on the hubs.

    Attributes:
        version: of CosyVoice.
        licence: SPDX identifier.
        languages: ISO 639 codes of those it was trained on.
        sources: by hub.
        files: the files we use.
        variants: the files of other trainings, downloaded only on request.
    """

    name: str
    version: int
    licence: str
    languages: tuple[str, ...]
    sources: dict[str, Source]
    files: tuple[ModelFile, ...]
    variants: dict[str, tuple[ModelFile, ...]] = field(default_factory=dict)

    @property
    def has_speakers(self) -> bool:
        """Whether the model contains named speakers."""
        return any(file.path == "spk2info.pt" for file in self.files)

    @property
    def size(self) -> int | None:
        """The size of the files in bytes; None if that of a file is unknown."""
        return None if any(file.size is None for file in self.files) else sum(file.size or 0 for file in self.files)


def published_models() -> dict[str, PublishedModel]:
    """The models that can be downloaded, by name."""
    registry = packaged_yaml(__package__, "published_models.yaml")
    return {
        name: PublishedModel(
            name=name,
            version=entry["version"],
            licence=entry["licence"],
            languages=tuple(entry["languages"]),
            sources={hub: Source(**source) for hub, source in entry["sources"].items()},
            files=tuple(ModelFile(*file) for file in entry["files"]),
            variants={
                variant: tuple(ModelFile(*file) for file in files)
                for variant, files in entry.get("variants", {}).items()
            },
        )
        for name, entry in registry.items()
    }


def find_published(name: str) -> PublishedModel:
    """The published model with this name, or with this id on a hub.

    Raises:
        MissingError: it does not exist.
    """
    models = published_models()
    for model in models.values():
        if name.lower() in (model.name, *(source.id.lower() for source in model.sources.values())):
            return model
    hint = f"{did_you_mean(name, models)}Models to fetch: {', '.join(models)}."
    raise MissingError(f"There is no published model {name!r}.", hint)


def with_variant(model: PublishedModel, name: str | None) -> PublishedModel:
    """Add to `model` the files of its variant `name`, and of the variants that are already present.

    Raises:
        UsageError: the variant does not exist.
    """
    if name is not None and name not in model.variants:
        hint = f"{did_you_mean(name, model.variants)}Its variants: {', '.join(model.variants) or 'none'}."
        raise UsageError(f"{model.name} has no variant {name!r}.", hint)
    folder = model_folder(model.name)
    more = tuple(
        file
        for variant, files in model.variants.items()
        for file in files
        if variant == name or (folder / file.path).is_file()
    )
    return replace(model, files=model.files + more)


def language_model_weights(folder: Path, variant: str | None) -> str:
    """The file name, without suffix, of the language model in a model folder: `llm`, or `llm.VARIANT`.

    Raises:
        UsageError: the variant is not present.
    """
    if variant is None:
        return "llm"
    found = (path.name.split(".") for path in folder.glob("llm.*.*"))
    variants = sorted({middle for _, middle, suffix in found if suffix in ("pt", "safetensors")})
    if variant not in variants:
        published = published_models().get(folder.name)
        is_published = published is not None and variant in published.variants
        remedy = f" Fetch it with: cosy models pull {folder.name} --variant {variant}" if is_published else ""
        raise UsageError(
            f"The model in {folder} has no variant {variant!r}.",
            f"{did_you_mean(variant, variants)}Variants here: {', '.join(variants) or 'none'}.{remedy}",
        )
    return f"llm.{variant}"


def model_folder(name: str) -> Path:
    """The folder of the model called `name`, which may not exist."""
    return Path(__file__).parents[1] / "builtin" if name == BUILTIN else models_folder() / name


def is_present(name: str) -> bool:
    """Whether the model is complete on this machine; the built-in one always is."""
    return name == BUILTIN or has_manifest(model_folder(name))


def has_manifest(folder: Path) -> bool:
    """Whether `folder` was downloaded completely, and has checksums."""
    return (folder / MANIFEST).is_file()


def find_model(name: str) -> Path:
    """The folder of the model called `name`, or the model folder at the path `name`.

    Raises:
        MissingError: the model does not exist, or was not downloaded.
    """
    if name == BUILTIN:
        return model_folder(name)
    if Path(name).is_dir():
        return Path(name)
    try:
        model = find_published(name)
    except MissingError as error:
        names = (BUILTIN, *published_models())
        hint = f"{did_you_mean(name, names)}Models: {', '.join(names)}; or the path of a model folder."
        raise MissingError(f"There is no model {name!r}.", hint) from error
    if not is_present(model.name):
        raise MissingError(
            f"The model {model.name} is not on this machine.",
            f"Fetch it{f' ({model.size / 1e9:.1f} GB)' if model.size else ''} with: cosy models pull {model.name}",
        )
    return model_folder(model.name)


def write_manifest(folder: Path, source: str, files: tuple[ModelFile, ...]) -> None:
    """Record the files and the source of a complete model folder."""
    manifest = {"source": source, "files": [asdict(file) for file in files]}
    part = folder / f"{MANIFEST}.part"
    part.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST)


def recorded_files(folder: Path) -> list[ModelFile]:
    """The files in the manifest of a model folder.

    Raises:
        MissingError: the folder has no manifest.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return [ModelFile(**entry) for entry in manifest["files"]]
    except (OSError, ValueError, TypeError, KeyError):
        raise MissingError(
            f"{folder} has no manifest to check it against.", "Fetched models have one: cosy models pull NAME"
        ) from None


def damaged_files(folder: Path, report: Callable[[int, int], None]) -> list[str]:
    """The files of a model folder that are missing or differ from its manifest.

    Args:
        report: called with the bytes checked and their total.

    Raises:
        MissingError: the folder has no manifest.
    """
    files = recorded_files(folder)
    total, done, damaged = sum(file.size or 0 for file in files), 0, []
    for file in files:
        path = folder / file.path
        if not path.is_file() or checksum(path) != file.sha256:
            damaged.append(file.path)
        done += file.size or 0
        report(done, total)
    return damaged


def checksum(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
