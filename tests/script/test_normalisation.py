"""What is spoken for what is written."""

import json
import re

import pytest

from cosycli.script import read_script
from cosycli.script.normalisation import rewrite

ENGLISH = [
    # numbers
    ("7", "seven"),
    ("1,234,567 ants", "one million two hundred and thirty four thousand five hundred and sixty seven ants"),
    ("agent 007", "agent zero zero seven"),
    ("3.05", "three point zero five"),
    ("-5 and +5", "minus five and plus five"),
    ("MP3", "MP three"),
    ("covid-19", "covid-nineteen"),
    ("the 21st of 100", "the twenty first of one hundred"),
    ("1/2, 3/4 and 2 1/2", "one half, three quarters and two and a half"),
    ("3½ cups", "three and a half cups"),
    ("pages 3-5", "pages three to five"),
    ("version 1.2.10", "version one point two point ten"),
    ("123-456-7890", "one two three, four five six, seven eight nine zero"),
    ("open 24/7", "open twenty four seven"),
    ("a ratio of 3:1", "a ratio of three to one"),
    ("B-52s and x^2", "B-fifty twos and x squared"),
    ("ISBN 978-3-16-148410-0", "ISBN nine seven eight, three, one six, one four eight four one zero, zero"),
    ("2 + 3 = 5", "two plus three equals five"),
    # dates and times
    ("in 1984", "in nineteen eighty four"),
    ("in 2005", "in two thousand five"),
    ("1984 cats", "one thousand nine hundred and eighty four cats"),
    ("the 1980s", "the nineteen eighties"),
    ("1914-18", "nineteen fourteen to eighteen"),
    ("May 5, 1821", "May fifth, eighteen twenty one"),
    ("5 May 1821", "the fifth of May eighteen twenty one"),
    ("2024-03-05", "March fifth, twenty twenty four"),
    ("12/25/1999", "December twenty fifth, nineteen ninety nine"),
    ("at 10:05 p.m. she", "at ten oh five P M she"),
    ("at 14:30", "at fourteen thirty"),
    ("9-11 am", "nine to eleven A M"),
    ("1960s-80s", "nineteen sixties to eighties"),
    ("May 20, may 20 come?", "May twentieth, may twenty come?"),
    ("9:00", "nine o'clock"),
    # money and measures
    ("$5.50", "five dollars and fifty cents"),
    ("$1", "one dollar"),
    ("£1.20", "one pound and twenty pence"),
    ("$2.5 million", "two point five million dollars"),
    ("$250-$300", "two hundred and fifty dollars to three hundred dollars"),
    ("$20/mo", "twenty dollars per month"),
    ("50%", "fifty percent"),
    ("12kg", "twelve kilograms"),
    ("1 km", "one kilometer"),
    ("5 km/h", "five kilometers per hour"),
    ("-5°C", "minus five degrees Celsius"),
    ("20 m²", "twenty square meters"),
    # Roman numerals
    ("Chapter IV", "Chapter four"),
    ("XIV.", "fourteen."),
    ("Henry VIII died.", "Henry the eighth died."),
    ("World War II", "World War two"),
    ("the part I like", "the part I like"),
    ("I", "I"),
    # abbreviations and names
    ("Dr. Jones and Mrs. Lee", "Doctor Jones and Missis Lee"),
    ("St. Paul lives at 12 Elm St. now", "Saint Paul lives at twelve Elm Street now"),
    ("No. 5, pp. 3 and 4", "number five, pages three and four"),
    ("apples, e.g. red ones, etc.", "apples, for example red ones, et cetera."),
    ("the U.S. Army", "the U S Army"),
    ("the BBC, the NHS and NASA", "the B B C, the N H S and NASA"),
    # addresses and signs
    ("joe@x.org", "joe at x dot org"),
    ("https://example.com/a-b", "example dot com slash a dash b"),
    ("Q&A", "Q and A"),
    ("#1", "number one"),
    ("_so_ *it* goes", "so it goes"),
    # typography
    ("“Don’t…” — ﬁne", '"Don\'t..." -- fine'),
    ("ＡＢＣ", "ABC"),
    ("cafe\u0301", "café"),
]


@pytest.mark.parametrize(("written", "spoken"), ENGLISH)
def test_english(written, spoken):
    assert [segment.text for segment in read_script(written).segments] == [spoken]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("他今年25岁。", "他今年二十五岁。"),
        ("2024年3月5日", "二零二四年三月五日"),
        ("温度-5℃，占50%。", "温度负五摄氏度，占百分之五十。"),
        ("1,234,567人", "一百二十三万四千五百六十七人"),
        ("他说 I have 3 cats 对吗？", "他说 I have three cats 对吗？"),
        ("买3个iPhone", "买三个iPhone"),
    ],
)
def test_chinese(written, spoken):
    assert [segment.text for segment in read_script(written).segments] == [spoken]


@pytest.mark.parametrize(
    ("language", "written", "spoken"),
    [
        ("de", "Er hat 21 Hunde und 1.500 Katzen.", "Er hat einundzwanzig Hunde und eintausendfünfhundert Katzen."),
        ("de", "2,5 Liter", "zwei Komma fünf Liter"),
        ("fr", "21 chats", "vingt et un chats"),
        ("xx", "21 zyx", "21 zyx"),
    ],
)
def test_other_languages(language, written, spoken):
    assert [segment.text for segment in read_script(written, language=language).segments] == [spoken]


def test_a_number_of_any_length_is_spoken_to_its_last_digit():
    script = read_script("9" * 5000)
    assert sum(segment.text.count("nine") for segment in script.segments) == 5000
    assert len(script.segments) > 50


@pytest.mark.parametrize(("language", "at_least"), [("en", 285), ("zh", 174), ("ja", 262)])
def test_agreement_with_published_pairs(shared, language, at_least):
    """Cases that agree but for case, punctuation, hyphens, and the words and, the, of."""
    cases = json.loads((shared / "corpus" / "normalization" / f"nemo_{language}.json").read_text())["cases"]
    agreeing = sum(_key(_spoken(case["input"], language)) == _key(case["expected"]) for case in cases)
    assert agreeing >= at_least


def _spoken(text, language):
    said, position = "", 0
    for rewriting in rewrite(text, language, "en"):
        said += text[position : rewriting.start] + rewriting.spoken
        position = rewriting.end
    return said + text[position:]


def _key(text):
    words = re.sub(r"[^\w\s]", " ", text.lower().replace("o'clock", "oclock"))
    return re.sub(r"\b(and|the|of)\b|\s", "", words)
