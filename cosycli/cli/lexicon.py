"""`cosy lexicon`: checks and suggests files of pronunciations."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cosycli.cli.book import read_source_argument
from cosycli.cli.options import Model, Source
from cosycli.errors import InputError

if TYPE_CHECKING:
    from cosycli.script.capabilities import Capabilities
    from cosycli.script.lexicon import Entry

EXAMPLES = """Examples:

\b
  cosy lexicon suggest novel.epub -o names.yaml
  cosy lexicon check names.yaml
  cosy lexicon lookup Morlock 银行
  cosy book novel.epub --lexicon names.yaml
"""

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, epilog=EXAMPLES, help="Check and suggest files of pronunciations."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("check", epilog="Example:\n\n\b\n  cosy lexicon check names.yaml")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Lexicon in YAML or PLS.")],
    model: Model = None,
    as_json: AsJson = False,
) -> None:
    """Show what a model gets for each entry: its exact sound, or the nearest spelling.

    A published model need not be on this machine.
    """
    from cosycli.script.lexicon_files import read_lexicon
    from cosycli.script.lookup import Fit
    from cosycli.settings import read_settings

    lexicon = read_lexicon(file)
    name = model or read_settings(Path()).model
    checked = [_check(entry, _capabilities(name)) for entry in lexicon.entries]
    if as_json:
        report = {"model": name, "entries": checked, "warnings": lexicon.warnings}
        print(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        if not checked:
            print(f"{file} has no entries.")
        for item in checked:
            print(f"{item['fit']:<12} {item['word']}: {item['told']}")
    for warning in lexicon.warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    impossible = [item["word"] for item in checked if item["fit"] == Fit.IMPOSSIBLE.value]
    if impossible:
        hint = "Write `alias:` with other words instead of `say:`, or choose another model with --model."
        raise InputError(f"The model {name} cannot pronounce {', '.join(impossible)} as the lexicon says.", hint)


@app.command("lookup", epilog="Examples:\n\n\b\n  cosy lexicon lookup read Morlock\n  cosy lexicon lookup 银行 重")
def lookup(
    words: Annotated[list[str], typer.Argument(metavar="WORD…", help="English or Chinese words.")],
    as_json: AsJson = False,
) -> None:
    """Show the pronunciations of words, as a lexicon writes them, and what each model gets for the first one."""
    from cosycli.model.library import BUILTIN, is_present, published_models
    from cosycli.script.lookup import input_for, look_up

    models = {name: _capabilities(name) for name in (BUILTIN, *published_models()) if is_present(name)}
    found: list[dict[str, Any]] = []
    for word in words:
        sounds = look_up(word)
        entry = sounds.entry
        told = {name: input_for(entry, capabilities).text for name, capabilities in models.items()} if entry else {}
        found.append({"word": word, "ways": sounds.ways, "origin": sounds.origin.value, "told": told})
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    for item in found:
        print(f"{item['word']}: {' | '.join(item['ways']) or '-'}  ({item['origin']})")
        for name, text in item["told"].items():
            print(f"  {name:<18} {text}")


@app.command("suggest", epilog="Example:\n\n\b\n  cosy lexicon suggest novel.epub -o names.yaml")
def suggest(
    source: Source,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE|-", help="Output file; - is standard output.")
    ] = "-",
) -> None:
    """List a book's names, unknown words and doubtful characters, as a lexicon to edit."""
    from cosycli.documents.reading_policy import ReadingPolicy
    from cosycli.documents.sources import read_source
    from cosycli.folders import write_whole
    from cosycli.script.suggestion import lexicon_of
    from cosycli.script.suggestion import suggest as suggest_words

    path, stdin = read_source_argument(source)
    book = read_source(path, ReadingPolicy(), stdin=stdin)
    suggestions = suggest_words(book)
    text = lexicon_of(suggestions, book.metadata.title or source)
    if output == "-":
        print(text, end="")
        return
    write_whole(Path(output), text)
    print(f"Suggestions in {output}: {len(suggestions)}. Edit it, then: cosy lexicon check {output}", file=sys.stderr)


def _capabilities(model: str) -> Capabilities:
    """Capabilities of a model, which need not be on this machine if it is published."""
    from cosycli.engine.capabilities import capabilities_of
    from cosycli.engine.features import profile_of
    from cosycli.model.library import find_model, published_models
    from cosycli.model.profile import read_profile

    published = published_models().get(model)
    return capabilities_of(profile_of(published) if published else read_profile(find_model(model)))


def _check(entry: Entry, capabilities: Capabilities) -> dict[str, str]:
    from cosycli.script.lookup import input_for

    given = input_for(entry, capabilities)
    return {"word": entry.word, "fit": given.fit.value, "told": given.text}
