import numpy as np
import pytest
import soundfile

from cosycli.errors import CosyError, InputError, MissingError, UsageError
from cosycli.sound.recording import read_reference
from cosycli.voices import add_voice, find_voice, read_voice, remove_voice, voice_folders, voice_names
from tests.model.tiny_model_v1 import write_tiny_model_v1


@pytest.fixture(autouse=True)
def library(tmp_path, monkeypatch):
    monkeypatch.setenv("COSY_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "voices"


@pytest.fixture
def clip(tmp_path):
    t = np.arange(4 * 44_100) / 44_100
    path = tmp_path / "clip.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 150 * t) * np.sin(2 * np.pi * t), 44_100)
    return path


def add(clip, name="ada", **changes):
    words = {"transcript": "These are the words.", "language": "en", "rights": "My own voice."} | changes
    return add_voice(name, clip, **words)


@pytest.mark.parametrize("name", ["michael", "heart", "bella"])
def test_shipped_voices_are_complete(name):
    voice = find_voice(name)
    assert voice.is_shipped
    assert voice.name == name
    assert voice.speaker == {"heart": "heart"}.get(name)
    assert "Apache-2.0" in voice.rights
    assert voice.transcript
    assert 4 < read_reference(voice.reference).duration_s < 8


@pytest.mark.parametrize(("name", "nearest"), [("rms", "michael"), ("awb", "michael"), ("slt", "heart")])
def test_a_voice_of_an_earlier_version_is_answered_with_the_nearest_one(name, nearest):
    with pytest.raises(MissingError, match="There is no voice") as error:
        find_voice(name)
    assert f"nearest voice now is '{nearest}'" in str(error.value)


def test_an_added_voice_is_found_again(clip, library):
    add(clip)
    voice = find_voice("ada")
    assert voice.folder == library / "ada"
    assert (voice.transcript, voice.rights, voice.is_shipped) == ("These are the words.", "My own voice.", False)
    recording = read_reference(voice.reference)
    assert (recording.sample_rate, recording.duration_s) == (24_000, 4)
    assert "ada" in voice_folders()


def test_an_added_voice_has_no_silence_at_its_ends(clip, tmp_path):
    samples, rate = soundfile.read(clip)
    soundfile.write(tmp_path / "long.wav", np.concatenate([np.zeros(2 * rate), samples, np.zeros(3 * rate)]), rate)
    assert read_reference(add(tmp_path / "long.wav").reference).duration_s == pytest.approx(4.4, abs=0.03)


def test_a_voice_is_found_by_its_folder(clip, tmp_path):
    voice = add(clip)
    elsewhere = voice.folder.rename(tmp_path / "elsewhere")
    assert find_voice(str(elsewhere)).transcript == voice.transcript


def test_a_speaker_of_a_model_is_a_voice_of_it(tmp_path):
    model = write_tiny_model_v1(tmp_path / "CosyVoice-300M-SFT")
    voice = find_voice("中文女", model)
    assert (voice.speaker, voice.reference, voice.folder) == ("中文女", None, model)
    assert "CosyVoice-300M-SFT" in voice.rights
    with pytest.raises(MissingError) as caught:
        find_voice("中文", model)
    assert "Did you mean '中文女'?" in caught.value.hint
    with pytest.raises(MissingError):
        find_voice("中文女")


def test_a_voice_that_a_model_has_no_use_for_is_refused_with_those_it_can_use(library, tmp_path):
    (library / "meg").mkdir(parents=True)
    (library / "meg" / "voice.yaml").write_text("{name: meg, language: en, rights: mine, speaker: meg}")
    assert find_voice("meg").speaker == "meg"
    with pytest.raises(MissingError, match="speaker of another model") as error:
        find_voice("meg", write_tiny_model_v1(tmp_path / "CosyVoice-300M-SFT"))
    assert "中文女, 英文男" in error.value.hint


def test_a_damaged_table_of_speakers_is_named(tmp_path):
    (tmp_path / "spk2info.safetensors").write_bytes(b"nothing")
    with pytest.raises(MissingError, match=r"spk2info\.safetensors is damaged"):
        voice_names(tmp_path)


def test_a_removed_voice_is_gone(clip):
    folder = add(clip).folder
    assert remove_voice("ada") == folder
    assert not folder.exists()
    with pytest.raises(MissingError):
        find_voice("ada")


def test_shipped_voices_cannot_be_removed():
    with pytest.raises(UsageError, match="came with the package"):
        remove_voice("michael")


def test_an_unknown_voice_suggests_the_nearest():
    with pytest.raises(MissingError, match="Did you mean 'michael'"):
        find_voice("micheal")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": "michael"}, "already"),
        ({"name": "../ada"}, "cannot name"),
        ({"rights": "  "}, "by what permission"),
        ({"transcript": ""}, "words spoken"),
        ({"language": "English"}, "language"),
    ],
)
def test_a_voice_needs_a_name_words_and_rights(clip, library, changes, complaint):
    with pytest.raises(UsageError, match=complaint):
        add(clip, **changes)
    assert not library.exists()


def test_a_clip_unfit_to_imitate_adds_nothing(tmp_path, library):
    soundfile.write(tmp_path / "silence.wav", np.zeros(100_000), 24_000)
    with pytest.raises(InputError, match="silent"):
        add(tmp_path / "silence.wav")
    assert not library.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        "name: bad\nlanguage: en\nrights: mine\n",
        "name: bad\nlanguage: en\nspeaker: michael\n",
        "name: bad\nlanguage: en\nrights: mine\nspeeker: michael\nspeaker: michael\n",
        "name: bad\nlanguage: en\nrights: mine\nreference: ../../clip.wav\n",
        "name: bad\nlanguage: en\nrights: mine\nreference: missing.wav\n",
        "name: bad\nlanguage: en\nrights: mine\nspeaker: [a, b]\n",
        "name: !!python/object/apply:os.system [true]\n",
        "name: {",
        "x" * 100_000,
    ],
)
def test_a_damaged_voice_is_named_and_can_be_removed(library, text):
    (library / "bad").mkdir(parents=True)
    (library / "bad" / "voice.yaml").write_text(text)
    with pytest.raises(MissingError, match=r"voice\.yaml"):
        find_voice("bad")
    remove_voice("bad")
    assert not (library / "bad").exists()


def test_a_failed_add_leaves_nothing(clip, library, monkeypatch):
    monkeypatch.setattr("soundfile.write", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(CosyError, match="disk full"):
        add(clip)
    assert list(library.iterdir()) == []


def test_a_folder_that_describes_no_voice_is_refused(tmp_path):
    with pytest.raises(MissingError):
        read_voice(tmp_path)
