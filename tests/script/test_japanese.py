"""Japanese in katakana, as CosyVoice 3 reads it."""

import builtins
import json
import re

import pytest

from cosycli.documents.book import Alphabet, Block, BlockKind, Book, Chapter, Mark, MarkKind, Metadata
from cosycli.errors import MissingError
from cosycli.script import japanese, read_script
from cosycli.script.book_script import read_book_script
from cosycli.script.capabilities import Capabilities
from cosycli.script.timing import seconds_of_tokens

pytest.importorskip("fugashi")
pytest.importorskip("unidic_lite")

KANJI = re.compile("[\u3400-\u9fff]")
HIRAGANA = re.compile("[\u3041-\u3096]")


def katakana(text, **options):
    script = read_script(text, katakana=True, **options)
    assert script.coverage.unaccounted == 0
    return " ".join(segment.text for segment in script.segments)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        # From the example of the authors.
        ("歴史的世界においては、過去は単に過ぎ去ったものではない。",
         "レキシ テキ セカイ ニ オイ テ ワ、カコ ワ タンニ スギサッ タ モノ デ ワ ナイ。"),
        ("東京へ行った。", "トーキョー エ イッ タ。"),
        ("3月10日です。", "サン ガツ トー カ デス。"),
        ("100%だ！", "ヒャク パーセント ダ！"),
        ("彼は「こんにちは」と言った。", "カレ ワ「コンニチワ」ト イッ タ。"),
        ("コーヒーを飲む", "コーヒー オ ノム"),
        ("それはHello worldと言う。", "ソレ ワHello world ト ユー。"),
    ],
)  # fmt: skip
def test_words_apart_and_as_they_sound(written, told):
    assert katakana(written, language="ja") == told


def test_other_languages_stay_as_they_are():
    assert katakana("你好，世界。", language="zh") == "你好，世界。"
    assert katakana("Guten Abend, Käthe.", language="de") == "Guten Abend, Käthe."


def test_models_that_read_kanji_are_told_kanji():
    assert read_script("東京へ行った。", language="ja").segments[0].text == "東京へ行った。"


def test_every_character_is_accounted_for_as_rewritten():
    coverage = read_script("東京へ、行った。", language="ja", katakana=True).coverage
    assert (coverage.rewritten, coverage.spoken, coverage.skipped, coverage.unaccounted) == (6, 2, 0, 0)


def test_what_nobody_knows_a_reading_of_is_left_to_the_model():
    assert katakana("璆鏘の音", language="ja") == "璆鏘 ノ オト"


def test_ruby_goes_before_the_dictionary():
    mark = Mark(0, 2, MarkKind.PRONUNCIATION, "やまみち", Alphabet.RUBY)
    block = Block(BlockKind.PARAGRAPH, "山路を登りながら", marks=(mark,))
    book = Book(Metadata(language="ja"), (Chapter("一", 1, (block,)),), num_characters=8)
    capabilities = Capabilities((), None, None, (), ("ja",), katakana=True)
    script = read_book_script(book, capabilities)
    assert [segment.text for _, _, segment in script.segments()] == ["ヤマミチ オ ノボリ ナガラ"]
    assert script.coverage.unaccounted == 0


def test_a_verb_whose_stem_has_ruby_is_not_torn_apart():
    mark = Mark(0, 1, MarkKind.PRONUNCIATION, "さと", Alphabet.RUBY)
    block = Block(BlockKind.PARAGRAPH, "悟った時", marks=(mark,))
    book = Book(Metadata(language="ja"), (Chapter("一", 1, (block,)),), num_characters=4)
    script = read_book_script(book, Capabilities((), None, None, (), ("ja",), katakana=True))
    assert [segment.text for _, _, segment in script.segments()] == ["サトッ タ トキ"]


def test_hard_lines_come_out_in_katakana(shared):
    sentences = json.loads((shared / "corpus" / "tts_text" / "ja_hard.json").read_text(encoding="utf-8"))["sentences"]
    texts = [text for subset in sentences.values() for text in subset]
    assert len(texts) == 100
    for text in texts:
        told = katakana(text, language="ja")
        assert not HIRAGANA.search(told), (text, told)


def test_a_long_line_takes_no_longer_for_each_character():
    assert katakana("東京3" * 20_000, language="ja").count("トーキョー") == 20_000


def test_the_spaces_between_words_take_no_time():
    assert seconds_of_tokens("トーキョー エ イッ タ。") == seconds_of_tokens("トーキョーエイッタ。")


def test_without_the_library_the_way_to_it_is_told(monkeypatch):
    imported = builtins.__import__

    def without(name, *rest):
        if name in ("fugashi", "unidic_lite"):
            raise ImportError(name)
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    japanese._tagger.cache_clear()
    with pytest.raises(MissingError) as error:
        read_script("東京へ", language="ja", katakana=True)
    assert "pip install fugashi unidic-lite" in error.value.hint
