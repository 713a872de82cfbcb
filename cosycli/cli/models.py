"""`cosy models`: lists models, and fetches the published ones."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cosycli.errors import MissingError

if TYPE_CHECKING:
    from cosycli.cli.progress import Progress

EXAMPLES = """Examples:

\b
  cosy models list
  cosy models pull cosyvoice2-0.5b
  cosy models verify cosyvoice2-0.5b
"""

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=EXAMPLES, help="List, fetch and check models.")

Name = Annotated[str, typer.Argument(metavar="MODEL", help="Model from `cosy models list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list", epilog="Example:\n\n\b\n  cosy models list")
def list_models(as_json: AsJson = False) -> None:
    """List the models: name, languages, licence, size, whether they are on this machine, and capabilities."""
    from cosycli.model.library import BUILTIN, published_models

    models = [_facts(name) for name in (BUILTIN, *published_models())]
    if as_json:
        print(json.dumps(models, indent=1))
        return
    for facts in models:
        state = "here" if facts["present"] else f"fetch it: cosy models pull {facts['name']}"
        languages = " ".join(facts["languages"])
        print(f"{facts['name']:<24} {languages:<26} {facts['licence']:<10} {_size(facts):>8}  {state}")
        print(f"    {_brief(facts['capabilities'])}")


@app.command("show", epilog="Example:\n\n\b\n  cosy models show cosyvoice2-0.5b")
def show(name: Name, as_json: AsJson = False) -> None:
    """Show everything known about a model."""
    facts = _facts(name)
    if as_json:
        print(json.dumps(facts, indent=1))
        return
    for title, value in _described(facts).items():
        print(f"{title + ':':<16} {value}")
    for feature, grade in facts["capabilities"].items():
        print(f"  {feature:<26} {grade}")
    for file in facts["files"]:
        checksum = file["sha256"] or "no known checksum"
        variant = f"  variant {file['variant']}" if file["variant"] else ""
        print(f"  {file['path']:<38} {file['size'] or '?':>10}  {checksum}{variant}")


@app.command(
    "pull",
    epilog="Examples:\n\n\b\n  cosy models pull cosyvoice2-0.5b --hub modelscope\n"
    "  cosy models pull fun-cosyvoice3-0.5b-2512 --variant rl",
)
def pull(
    name: Name,
    hub: Annotated[str, typer.Option(help="huggingface or modelscope.")] = "huggingface",
    variant: Annotated[
        str | None, typer.Option(help="Also fetch this other training of the model, such as rl.")
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but errors.")] = False,
    progress: Annotated[str, typer.Option(help="auto, rich, plain, json or none.")] = "auto",
) -> None:
    """Fetch a published model; an interrupted fetch is resumed where it stopped."""
    from cosycli.cli.progress import open_progress
    from cosycli.model import hub as hubs
    from cosycli.model.library import find_published, with_variant

    model = with_variant(find_published(name), variant)
    with open_progress("none" if quiet else progress, is_download=True) as report:
        folder = hubs.pull(
            model, hub, hubs.url_pattern(hub), lambda done, total: report.update(done / 1e6, total / 1e6, "MB")
        )
        unpinned = [file.path for file in model.files if file.sha256 is None]
        if unpinned:
            report.tell(
                f"No published checksum is known for {', '.join(unpinned)}: only the size was checked.", files=unpinned
            )
        if model.version == 1:
            _tell_of_vocabulary(folder, report)
    print(folder)


def _tell_of_vocabulary(folder: Path, report: Progress) -> None:
    """Report where to get the text vocabulary, which CosyVoice 1 is published without."""
    from cosycli.model.text_tokenizer import find_vocabulary

    try:
        find_vocabulary(folder)
    except MissingError as error:
        report.tell(f"{error.what} {error.hint}")


@app.command("verify", epilog="Examples:\n\n\b\n  cosy models verify builtin\n  cosy models verify cosyvoice2-0.5b")
def verify(name: Name) -> None:
    """Compare the files of a model with their checksums, or load the model if it has none."""
    import cosycli
    from cosycli.cli.progress import open_progress
    from cosycli.model.library import damaged_files, find_model, has_manifest

    folder = find_model(name)
    if not has_manifest(folder):
        cosycli.load(name)
        print(f"{folder}: complete, and its files match each other")
        return
    with open_progress("auto") as report:
        damaged = damaged_files(folder, lambda done, total: report.update(done / 1e6, total / 1e6, "MB"))
    if damaged:
        raise MissingError(f"{folder} is damaged: {', '.join(damaged)}.", f"Fix it with: cosy models pull {name}")
    print(f"{folder}: every file is as published")


@app.command("path", epilog="Examples:\n\n\b\n  cosy models path\n  cosy models path builtin")
def path(
    name: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="Model; all models by default.")] = None,
) -> None:
    """Print the folder of all fetched models, or of one."""
    from cosycli.folders import models_folder
    from cosycli.model.library import find_model

    print(models_folder() if name is None else find_model(name))


def _size(facts: dict[str, Any]) -> str:
    return f"{facts['bytes'] / 1e6:.0f} MB" if facts["bytes"] else "unknown"


def _described(facts: dict[str, Any]) -> dict[str, str]:
    """The facts for people, each under its title."""
    hubs = {"Hugging Face": facts.get("huggingface"), "ModelScope": facts.get("modelscope")}
    return {
        "Name": facts["name"],
        "Languages": " ".join(facts["languages"]),
        "Licence": facts["licence"],
        "Size": _size(facts),
        "On this machine": "yes" if facts["present"] else f"no; fetch it: cosy models pull {facts['name']}",
        "Folder": facts["folder"],
        "Variants": " ".join(facts["variants"]) or "none",
        **{hub: source for hub, source in hubs.items() if source},
    }


def _brief(capabilities: dict[str, str]) -> str:
    """Features that a model has, and which of them are approximate."""
    from cosycli.engine.features import APPROXIMATE, EXACT

    can = {feature: grade.split(":")[0] for feature, grade in capabilities.items()}
    told = [
        f"{feature} (approximate)" if grade == APPROXIMATE else feature
        for feature, grade in can.items()
        if grade in (EXACT, APPROXIMATE)
    ]
    return "; ".join(told)


def _facts(name: str) -> dict[str, Any]:
    from cosycli.engine.features import features_of, profile_of
    from cosycli.model.library import BUILTIN, find_published, is_present, model_folder
    from cosycli.model.profile import read_profile

    if name == BUILTIN:
        folder = model_folder(name)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        return {
            "name": name,
            "languages": ["en"],
            "licence": "Apache-2.0",
            "bytes": size,
            "present": True,
            "folder": str(folder),
            "capabilities": features_of(read_profile(folder), speakers=True),
            "variants": [],
            "files": [],
        }
    model = find_published(name)
    sources = {hub: f"{source.id}@{source.revision}" for hub, source in model.sources.items()}
    return {
        "name": model.name,
        "languages": list(model.languages),
        "licence": model.licence,
        "bytes": model.size,
        "present": is_present(model.name),
        "folder": str(model_folder(model.name)),
        "capabilities": features_of(profile_of(model), model.has_speakers),
        "variants": list(model.variants),
        **sources,
        "files": [
            asdict(file) | {"variant": variant}
            for variant, files in ((None, model.files), *model.variants.items())
            for file in files
        ],
    }
