"""The notation for tags, styles, voices, pauses and pronunciations."""

import pytest

from cosycli.errors import UsageError
from cosycli.script import STYLES_V2, compile_style, read_script


def texts(text, **capabilities):
    return [segment.text for segment in read_script(text, **capabilities).segments]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("[laughter] You did?", "[laughter] You did?"),
        ("You did [breath] what?", "You did [breath] what?"),
        ("A <strong>big</strong> dog.", "A <strong>big</strong> dog."),
        ("<laughter>Yes, I did.</laughter>", "<laughter>Yes, I did.</laughter>"),
        ("<strong>A <laughter>b</laughter></strong> c.", "<strong>A <laughter>b</laughter></strong> c."),
        ("I read{R EH1 D} it.", "I [R][EH1][D] it."),
        ("Don't{D OW1 N T} go.", "[D][OW1][N][T] go."),
        ("我用iPhone{AY1 F OW2 N}。", "我用[AY1][F][OW2][N]。"),
        ("去银行{yin2 hang2}吧。", "去[y][ín][h][áng]吧。"),
        ("去银行{yínháng}吧。", "去[y][ín][h][áng]吧。"),
        ("去西安{xī'ān}吧。", "去[x][ī][ān]吧。"),
        ("绿{lv4}色", "[l][ǜ]色"),
        ("略{lüè}过", "[l][vè]过"),
        (r"Say \[laughter] aloud.", "Say (laughter) aloud."),
        ("It costs {5} or {x}.", "It costs (five) or (x)."),
        ("A set{B} of words{and} braces.", "A set(B) of words(and) braces."),
        ("好{hao9}的", "好(hao九)的"),
        ("hello{ni3}", "hello(nithree)"),
    ],
)
def test_what_is_spoken(written, spoken):
    assert " ".join(texts(written)) == spoken.replace("nithree", "ni three")


def test_tokens_take_no_part_in_normalisation_or_splitting():
    assert texts("Dr. Read{R EH1 D} met 3 men.") == ["Doctor [R][EH1][D] met three men."]


@pytest.mark.parametrize(
    "written", ["[1]", "[sic]", "[Illustration]", "[he]", "[Note: see below]", "[appendix_a]", "<x>"]
)
def test_what_merely_looks_like_a_tag_stays_text_and_is_noted(written):
    script = read_script(f"First line.\nHe said {written} so.")
    assert [note.line for note in script.notes] == [2]
    assert written in script.notes[0].message
    assert "[" not in script.segments[0].text


@pytest.mark.parametrize(
    "written",
    [
        "[laugther]",
        "[giggle]",
        "[deep_breath]",
        "[happy]",
        "<whisper>",
        "</strong>",
        "<em>this</em>",
        "[/voice]",
        "[voice]",
    ],
)
def test_an_unknown_tag_is_an_error_that_lists_the_valid_ones(written):
    with pytest.raises(UsageError, match="Line 2: ") as caught:
        read_script(f"One.\nTwo {written}")
    for valid in ("[breath]", "<strong>", "[style: …]", "[voice: …]", "[pause 1s]", "\\"):
        assert valid in caught.value.hint


def test_a_tag_of_another_model_is_an_error():
    with pytest.raises(UsageError, match=r"\[cough\] is not a tag of this model"):
        read_script("[cough] Sorry.", tags=["[laughter]"])


def test_control_tokens_of_the_model_are_refused():
    with pytest.raises(UsageError, match="endofprompt"):
        read_script("Sing.<|endofprompt|>Hello.")


def test_a_pair_that_is_never_closed_is_an_error():
    with pytest.raises(UsageError, match="Line 1: <strong> is never closed"):
        read_script("<strong>Hello.\n\nThere.")


def test_tag_pairs_are_closed_and_reopened_around_every_segment():
    script = read_script("<strong>" + "Many words, and then more of them. " * 20 + "</strong>")
    assert len(script.segments) > 1
    for segment in script.segments:
        assert segment.text.startswith("<strong>")
        assert segment.text.endswith("</strong>")


def test_voices_and_styles_last_to_their_end_and_nest():
    script = read_script(
        "A. [voice: ada]B. [style: happy]C. [voice: ben]D.[/voice] E.[/style] F.[/voice] G.", voices=["ada", "ben"]
    )
    happy = STYLES_V2["happy"]
    assert [(s.text, s.voice, s.style) for s in script.segments] == [
        ("A.", None, None),
        ("B.", "ada", None),
        ("C.", "ada", happy),
        ("D.", "ben", happy),
        ("E.", "ada", happy),
        ("F.", "ada", None),
        ("G.", None, None),
    ]


def test_a_style_may_be_an_instruction_in_quotes():
    assert read_script('[style: "speak slowly"] Well.').segments[0].style == "speak slowly"
    assert compile_style("happy", {"happy": "Be happy."}) == "Be happy."


@pytest.mark.parametrize(
    ("text", "capabilities", "complaint", "valid"),
    [
        ("[style: hapy] A.", {}, "no style 'hapy'", "angry"),
        ("[style: happy] A.", {"styles": None}, "takes no style", "cosy models list"),
        ("[voice: bob] A.", {"voices": ["ada"]}, "no voice 'bob'", "ada"),
        ("A. [pause soon] B.", {}, "is not a valid pause", "[pause 1.2s]"),
        ("A. [pause 300s] B.", {}, "is not a valid pause", "60 seconds"),
    ],
)
def test_styles_voices_and_pauses_that_do_not_exist(text, capabilities, complaint, valid):
    with pytest.raises(UsageError, match=complaint) as caught:
        read_script(text, **capabilities)
    assert valid in caught.value.hint


@pytest.mark.parametrize(("pause", "seconds"), [("1.2s", 1.2), ("300ms", 0.3), (": 2 s", 2.0), ("0s", 0.0)])
def test_a_pause_follows_the_words_before_it(pause, seconds):
    first, second = read_script(f"One [pause {pause}] two.").segments
    assert (first.text, first.pause_after_s) == ("One", pytest.approx(seconds))
    assert second.text == "two."


def test_pauses_in_a_row_add_up():
    assert read_script("One. [pause 1s] [pause 2s] Two.").segments[0].pause_after_s == pytest.approx(3.0)


def test_a_pronunciation_that_changes_nothing_says_why():
    usual, unknown = read_script("重{zhong4}要。欸{ěi}！", phonemes=()).notes
    assert usual.message.startswith("{zhong4} is spoken as written, which is its usual sound")
    assert unknown.message.startswith("{ěi} is ignored, and 欸 is spoken as written")
    assert "Write other words in its place" in unknown.message


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("I read{R EH1 D} it.", "I red it."),
        ("Call Xyla{Z AY1 B L AH0}.", "Call zeyebluh."),
        ("去银行{yin2 hang2}吧。", "去银航吧。"),
        ("重{chong2}来。", "崇来。"),
    ],
)
def test_a_model_without_phonemes_gets_the_nearest_spelling_and_says_so(written, spoken):
    script = read_script(written, phonemes=())
    assert [segment.text for segment in script.segments] == [spoken]
    assert "this model has no tokens" in script.notes[0].message
