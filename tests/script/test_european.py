"""What is spoken for figures, signs and abbreviations in German, French, Spanish, Italian and Russian."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from importlib import resources

import pytest
import yaml

from cosycli.script import read_script
from cosycli.script.european import GRAMMARS
from cosycli.script.european.words import Words, read_words
from cosycli.script.normalisation import say_in_words

SPOKEN = {
    "de": [
        ("Am 24. Juli 2013 um 8:07 Uhr.", "Am vierundzwanzigsten Juli zweitausenddreizehn um acht Uhr sieben."),
        ("14. Januar", "vierzehnter Januar"),
        ("am 05.03.2024", "am fünften März zweitausendvierundzwanzig"),
        ("Er wurde 1984 geboren.", "Er wurde neunzehnhundertvierundachtzig geboren."),
        ("1984 Hunde", "eintausendneunhundertvierundachtzig Hunde"),
        ("Der 3. Mann und das 5. Kapitel", "Der dritte Mann und das fünfte Kapitel"),
        ("Er hat 3. Sie auch.", "Er hat drei. Sie auch."),
        ("5,50 € und $2.500", "fünf Euro fünfzig Cent und zweitausendfünfhundert Dollar"),
        ("2,2 Mio. Euro", "zwei Komma zwei Millionen Euro"),
        ("1 h, 2 m³ und -5 °C", "eine Stunde, zwei Kubikmeter und minus fünf Grad Celsius"),
        ("1/2 und 3/4", "ein halb und drei Viertel"),
        ("Dr. Huber, Nr. 5, z. B. hier usw.", "Doktor Huber, Nummer fünf, zum Beispiel hier und so weiter."),
        ("Friedrich II. von Preußen", "Friedrich der Zweite von Preußen"),
        ("der Sohn Ludwigs XIV.", "der Sohn Ludwigs des Vierzehnten."),
        ("(0411) 12-34", "null vier eins eins, eins zwei, drei vier"),
        ("www.abc.com", "w w w Punkt abc Punkt com"),
    ],
    "fr": [
        ("Le 1er mars 1821, à 14h30.", "Le premier mars mille huit cent vingt et un, à quatorze heures trente."),
        ("Le XIXe siècle, la 2e fois", "Le dix-neuvième siècle, la deuxième fois"),
        ("Louis XIV et François Ier", "Louis quatorze et François premier"),
        ("5,50 € et 21 %", "cinq euros cinquante centimes et vingt et un pour cent"),
        ("2,5 millions €", "deux virgule cinq millions d'euros"),
        ("0,5 km, 1 km, 20 m²", "zéro virgule cinq kilomètre, un kilomètre, vingt mètres carrés"),
        ("1/2, 2/9, 4 2/4", "un demi, deux neuvièmes, quatre et deux quarts"),
        ("M. Dupont, n° 5, p. 12", "Monsieur Dupont, numéro cinq, page douze"),
    ],
    "es": [
        ("El 5 de mayo de 1821", "El cinco de mayo de mil ochocientos veintiuno"),
        ("a las 14:30", "a las catorce y treinta"),
        ("21 km y 31 h", "veintiún kilómetros y treinta y una horas"),
        ("5,50 €", "cinco euros con cincuenta céntimos"),
        ("1.º, 2ª, 3er", "primero, segunda, tercer"),
        ("el siglo XIX", "el siglo diecinueve"),
        ("Isabel II y Alfonso XIII", "Isabel segunda y Alfonso trece"),
        ("la Sra. Gómez, pág. 3", "la Señora Gómez, página tres"),
    ],
    "it": [
        ("Il 1 maggio 1821", "Il primo maggio milleottocentoventuno"),
        ("Vittorio Emanuele II", "Vittorio Emanuele secondo"),
        ("il XIX secolo, 2ª", "il diciannovesimo secolo, seconda"),
        ("1 m³ e 5 m²", "un metro cubo e cinque metri quadrati"),
        ("3/4, 5,50 €", "tre quarti, cinque euro e cinquanta centesimi"),
        ("Sig. Rossi, ecc.", "Signor Rossi, eccetera."),
    ],
    "ru": [
        ("5 мая 1821 года", "пятое мая тысяча восемьсот двадцать первого года"),
        ("в 1984 году", "в тысяча девятьсот восемьдесят четвёртом году"),
        ("21 км, 2 т, 5 мин", "двадцать один километр, две тонны, пять минут"),
        ("Екатерина II и Николай I", "Екатерина вторая и Николай первый"),
        ("в XX веке, 3-й", "в двадцатом веке, третий"),
        ("2,50 ₽ и 100 $", "два рубля пятьдесят копеек и сто долларов"),
        ("2,5 км", "две целых пять десятых километра"),
        ("т. е. № 5", "то есть номер пять"),
    ],
}


@pytest.mark.parametrize(
    ("language", "written", "spoken"), [(code, *pair) for code, pairs in SPOKEN.items() for pair in pairs]
)
def test_what_is_spoken(language, written, spoken):
    assert say_in_words(written, language) == spoken


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "M. Dupont vint. " * 30),
        ("de", "Das ist im 3. Kapitel. " * 30),
        ("es", "Vino el Dr. Pérez. " * 30),
        ("ru", "Вот А. С. Пушкин. " * 30),
    ],
)
def test_abbreviations_end_no_segment(language, text):
    segments = read_script(text, language=language).segments
    assert len(segments) > 1
    assert len({segment.text.split()[-1] for segment in segments}) == 1


def test_the_stop_of_an_abbreviation_may_end_a_sentence():
    assert say_in_words("Äpfel usw. Danach", "de") == "Äpfel und so weiter. Danach"
    assert say_in_words("Это было в 1984 г. Он", "ru").endswith("четвёртом году. Он")


@pytest.mark.parametrize(("language", "at_least"), [("de", 152), ("fr", 76)])
def test_agreement_with_published_pairs(shared, language, at_least):
    """Cases that agree but for case, punctuation and spaces; the German file has the two sides exchanged."""
    cases = json.loads((shared / "corpus" / "normalization" / f"nemo_{language}.json").read_text())["cases"]
    written, spoken = ("expected", "input") if language == "de" else ("input", "expected")
    agreeing = sum(_key(say_in_words(case[written], language)) == _key(case[spoken]) for case in cases)
    assert agreeing >= at_least


def _key(text):
    return re.sub(r"[^\w]|_", "", text.lower())


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("« Bonjour », dit-il. « Oui ? »", "“Bonjour”, dit-il. “Oui?”"),
        ("«Buenas noches», dijo.", "“Buenas noches”, dijo."),
        ("»Guten Tag!« rief er. »Wer da?« »Ich.«", "“Guten Tag!” rief er. “Wer da?” “Ich.”"),
    ],
)
def test_quotes_of_every_fashion_stand_where_they_stood(written, plain):
    (segment,) = read_script(written, language="fr").segments
    assert segment.text == plain


TABLES = sorted(
    file.name.removesuffix(".yaml")
    for file in resources.files("cosycli.script.european").iterdir()
    if file.name.endswith(".yaml")
)


def test_every_grammar_has_a_table():
    assert set(GRAMMARS) < set(TABLES)


@pytest.mark.parametrize("language", TABLES)
def test_no_table_says_anything_twice(language):
    """YAML would take the last one and say nothing."""
    text = (resources.files("cosycli.script.european") / f"{language}.yaml").read_text(encoding="utf-8")
    root = yaml.compose(text)
    for table in (root, *(value for _, value in root.value if isinstance(value, yaml.MappingNode))):
        keys = [key.value for key, _ in table.value]
        assert [key for key in keys if keys.count(key) > 1] == []


@pytest.mark.parametrize("language", sorted(GRAMMARS))
def test_every_table_of_a_grammar_is_complete(language):
    words = read_words(language)
    empty = {field.name for field in fields(words) if not getattr(words, field.name)}
    assert empty <= {"comma", "short_months", "coin_joint", "kings", "queens"}
    assert len(words.months) == 12
    nouns = [*words.units.values(), *(noun for coin in words.coins.values() for noun in (coin.whole, coin.hundredth))]
    assert {len(noun) for noun in nouns} == {3 if language == "ru" else 2}


@pytest.mark.parametrize("language", TABLES)
def test_every_word_of_a_table_is_text(language):
    """What YAML takes for a number or for yes and no wants quotes."""
    words = read_words(language)
    tables = (words.abbreviations, words.last_abbreviations, words.before_numbers, words.signs, words.address_signs)
    lists = (words.months, words.divisions, words.kings, words.queens, words.scales, *words.units.values())
    pairs = (pair for table in tables for pair in table.items())
    written = [word for part in (*lists, *pairs) for word in part]
    assert [word for word in written if not isinstance(word, str) or not word] == []


def test_a_language_without_a_table_has_no_words():
    assert read_words("xx") == Words()


def test_portuguese_and_dutch_fractions_have_their_comma():
    assert say_in_words("2,5", "pt") == "dois vírgula cinco"
    assert say_in_words("1.500 km", "nl") == "duizendvijfhonderd km"
    assert say_in_words("Hoofdstuk IV", "nl") == "Hoofdstuk vier"


def test_english_loads_no_words_of_other_languages():
    code = (
        "import sys; from cosycli.script import read_script; read_script('He paid $5 on May 3, 1984.'); "
        "print([name for name in sys.modules if 'european' in name or name in ('pypinyin', 'wetext')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
