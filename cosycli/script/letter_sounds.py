"""Guesses the pronunciation of an English word that no dictionary has, by analogy with the words of one.

The letters of all words of the CMU dictionary are aligned with their phones: each letter stands for no, one or two
phones. The likelihoods for that are learned from a part of the words by hard expectation maximisation. Each letter of a
new word then sounds as in the known words that share the most neighbouring letters (memory-based learning: W. Daelemans
and A. van den Bosch, "Language-independent data-oriented grapheme-to-phoneme conversion", 1997).

Of 1,000 words kept out of the dictionary (`random.Random(0).sample`), 91.6 % of the phones are right, 87.3 % with their
stress, and 62 % of the words without stress.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from cosycli.script.pronunciation import dictionary_words

MAX_CHARS = 15  # letters and phones of a word to learn from; 99.8 % of the dictionary's words have no more
REACH = 6  # neighbours compared on each side; 4 get 61.6 % of the 1,000 words right, 8 get 62.1 % in twice the time
SHARPNESS = 2.0  # each shared neighbour multiplies the weight by e²; e^1.5 gets 61.2 % right, e³ 61.6 %
PENALTY = 1.0  # nats, for a letter of two phones; 2 gets 61.1 % right
NUM_ROUNDS = 2  # of expectation maximisation; more change nothing
STRIDE = 14  # likelihoods are learned from every 14th word
# English spelling of Latin letters that are not a letter with an accent.
_ENGLISH = str.maketrans({"æ": "e", "œ": "e", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "ð": "th", "þ": "th", "ı": "i"})
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@cache
def guess_phones(word: str) -> tuple[str, ...] | None:
    """Guesses the CMU phones of an unknown word; None if it has letters that are not Latin, or no vowel.

    Accents and signs are ignored: "Tar-Míriel" is guessed as "tar" and "miriel".
    """
    decomposed = unicodedata.normalize("NFD", word.lower().translate(_ENGLISH))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char) and char not in "'’")
    parts = re.findall(r"[^\W\d_]+", plain)
    if not all(part.isascii() for part in parts):
        return None
    phones = tuple(phone for part in parts for phone in _dictionary().guess(part))
    return phones if any(phone[-1].isdigit() for phone in phones) else None


@cache
def _dictionary() -> LetterSounds:
    return learn(dictionary_words())


@dataclass(frozen=True)
class LetterSounds:
    """All known words in a row, with the sound of each letter.

    Attributes:
        letters: (N,) 1 for a to 26 for z, and at least `REACH` zeros between two words.
        sounds: (N,) the phones of each letter: 0 for none, first, or first + second * (number of phones + 1).
        phones: the CMU phones with their stress; `sounds` counts them from 1.
    """

    letters: Ints
    sounds: Ints
    phones: tuple[str, ...]

    def guess(self, word: str) -> tuple[str, ...]:
        """Guesses the phones of a word in letters from a to z, with one primary stress."""
        letters = np.pad(_letter_numbers(word), REACH)
        phones: list[str] = []
        sound = 0
        for place in range(REACH, REACH + len(word)):
            sound = self._sound(letters, place, sound)
            second, first = divmod(sound, len(self.phones) + 1)
            phones += [self.phones[number - 1] for number in (first, second) if number]
        return _with_one_stress(phones)

    def _sound(self, letters: Ints, place: int, sound_before: int) -> int:
        """Guesses the sound of the letter at `place`; the letter before it has `sound_before`."""
        alike = self._places[int(letters[place])]
        for direction in (1, -1):
            closer = alike[self.letters[alike + direction] == letters[place + direction]]
            alike = closer if len(closer) else alike
        likeness = (self.sounds[alike - 1] == sound_before).astype(np.float64)
        for direction in (1, -1):
            is_same = np.ones(len(alike), bool)
            for distance in range(1, REACH + 1):
                is_same &= self.letters[alike + direction * distance] == letters[place + direction * distance]
                likeness += is_same
        sounds, which = np.unique(self.sounds[alike], return_inverse=True)
        return int(sounds[np.bincount(which, np.exp(SHARPNESS * likeness)).argmax()])

    @cached_property
    def _places(self) -> list[Ints]:
        return [np.flatnonzero(self.letters == letter).astype(np.int32) for letter in range(27)]


def learn(words: Iterable[tuple[str, tuple[str, ...]]]) -> LetterSounds:
    """Aligns the letters of words with their phones."""
    known = [(word, phones) for word, phones in words if _is_fit(word, phones)]
    names = tuple(sorted({phone for _, phones in known for phone in phones}))
    numbers = {phone: number for number, phone in enumerate(names, start=1)}
    letters = _table([_letter_numbers(word) for word, _ in known])
    phones = _table([[numbers[phone] for phone in phones] for _, phones in known])
    likely = _learn_likelihoods(letters[::STRIDE], phones[::STRIDE], names)
    starts = _match(letters, phones, likely)
    num_phones = np.diff(starts)
    first, second = (np.take_along_axis(phones, starts[:, :-1] + nth, 1) for nth in (0, 1))
    sounds = first * (num_phones > 0) + second * (num_phones > 1) * (len(names) + 1)
    return LetterSounds(_in_a_row(letters), _in_a_row(sounds), names)


def _is_fit(word: str, phones: tuple[str, ...]) -> bool:
    is_short = max(len(word), len(phones)) <= MAX_CHARS and len(phones) <= 2 * len(word)
    return is_short and word.isascii() and word.isalpha()


def _letter_numbers(word: str) -> list[int]:
    return [ord(char) - ord("a") + 1 for char in word]


def _table(rows: list[list[int]]) -> Ints:
    """Pads the rows with zeros to `MAX_CHARS` + 2 numbers."""
    return np.array([row + [0] * (MAX_CHARS + 2 - len(row)) for row in rows], np.int32)


def _in_a_row(table: Ints) -> Ints:
    """Puts the words of a table in a row, with `REACH` zeros before and after each."""
    return np.pad(np.pad(table[:, :MAX_CHARS], ((0, 0), (REACH, 0))).ravel(), (0, REACH)).astype(np.int32)


def _learn_likelihoods(letters: Ints, phones: Ints, names: tuple[str, ...]) -> Floats:
    """Learns log likelihoods (27, phones + 1) of a phone, whatever its stress, or (column 0) of none for a letter."""
    bare = [name.rstrip("012") for name in names]
    without_stress = np.array([0, *(bare.index(name) + 1 for name in bare)])
    phones = without_stress[phones]
    counts = _count_neighbours(letters, phones, len(names) + 1)
    for _ in range(NUM_ROUNDS):
        starts = _match(letters, phones, _log_share(counts))
        counts = np.zeros_like(counts)
        for place, num_phones in enumerate(np.diff(starts).T):
            for nth in (0, 1):
                sound = phones[np.arange(len(phones)), starts[:, place] + nth] * (num_phones > nth)
                np.add.at(counts, (letters[:, place], sound), (nth == 0) | (num_phones > nth))
    return _log_share(counts)[:, without_stress]


def _count_neighbours(letters: Ints, phones: Ints, num_columns: int) -> Floats:
    """Counts how often a letter and a phone are at about the same place of a word, as a share of the phone."""
    counts = np.ones((27, num_columns), np.float32)
    letter_places = (np.arange(MAX_CHARS) + 0.5) / np.count_nonzero(letters, axis=1)[:, None]
    phone_places = (np.arange(MAX_CHARS) + 0.5) / np.count_nonzero(phones, axis=1)[:, None]
    for i, j in np.ndindex(MAX_CHARS, MAX_CHARS):
        nearness = np.exp(-6 * np.abs(letter_places[:, i] - phone_places[:, j]))
        np.add.at(counts, (letters[:, i], phones[:, j]), nearness)
    return counts / counts.sum(axis=0)


def _log_share(counts: Floats) -> Floats:
    smooth = counts + 0.1
    return np.log(smooth / smooth.sum(axis=1, keepdims=True)).astype(np.float32)


def _match(letters: Ints, phones: Ints, likely: Floats) -> Ints:
    """Returns the number of phones before each letter of each row, and before its end, in the likeliest alignment."""
    rows = np.arange(len(letters))
    impossible = np.float32(-1e9)
    best = np.full(phones.shape, impossible)  # score of the letters so far, by their number of phones
    best[:, 0] = 0
    steps = []
    for letter in letters[:, :MAX_CHARS].T:
        sounds = np.where(phones > 0, likely[letter][rows[:, None], phones], impossible)
        ways = np.full((3, *phones.shape), impossible)
        ways[0] = best + likely[letter, 0][:, None]
        ways[1, :, 1:] = best[:, :-1] + sounds[:, :-1]
        ways[2, :, 2:] = best[:, :-2] + sounds[:, :-2] + sounds[:, 1:-1] - PENALTY
        is_letter = (letter > 0)[:, None]
        steps.append(np.where(is_letter, ways.argmax(axis=0), 0).astype(np.int8))
        best = np.where(is_letter, ways.max(axis=0), best)
    starts = [np.count_nonzero(phones, axis=1)]
    for step in reversed(steps):
        starts.append(starts[-1] - step[rows, starts[-1]])
    return np.stack(starts[::-1], axis=1)


def _with_one_stress(phones: list[str]) -> tuple[str, ...]:
    """Keeps the first primary stress alone; without one, the first full vowel gets it."""
    vowels = [index for index, phone in enumerate(phones) if phone[-1].isdigit()]
    stressed = [index for index in vowels if phones[index][-1] == "1"]
    full = [index for index in vowels if phones[index] != "AH0"]
    for index in (stressed or full or vowels)[:1]:
        phones[index] = phones[index][:-1] + "1"
    for index in stressed[1:]:
        phones[index] = phones[index][:-1] + "0"
    return tuple(phones)
