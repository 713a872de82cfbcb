"""The tags, phonemes and style names that the published models were trained on, as plain data.

The caller passes the tables of its model to `read_script`; the script stage itself never asks a model.
"""

from __future__ import annotations

# CosyVoice 2 and 3 share these: `<x>` and `</x>` enclose words, `[x]` stands for a sound.
_TAGS = """
[accent] [breath] [clucking] [cough] [hissing] [laughter] [lipsmack] [mn] [noise] [quick_breath] [sigh]
[vocalized-noise] <laughter> </laughter> <strong> </strong>
"""
MODEL_TAGS = frozenset(_TAGS.split())
# The tags of CosyVoice-300M-Instruct, by the README of its repository.
TAGS_V1 = frozenset(["[breath]", "[laughter]", "<laughter>", "</laughter>", "<strong>", "</strong>"])

_CMU_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_CMU_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
_INITIALS = "b p m f d t n l g k h j q x zh ch sh r z c s y w"
# Finals with the tone mark on the vowel; a bare final has the neutral tone (CosyVoice 3 vocabulary).
_FINALS = """
a ai an ang ao e ei en eng i ian in ing iu ià iàn iàng iào iá ián iáng iáo iè ié iòng ióng iù iú iā iān
iāng iāo iē iě iōng iū iǎ iǎn iǎng iǎo iǒng iǔ o ong ou u uang ue un uo uà uài uàn uàng uá uái
uán uáng uè ué uì uí uò uó uā uāi uān uāng uē uě uī uō uǎ uǎi uǎn uǎng uǐ uǒ vè à ài àn àng ào á ái án áng
áo è èi èn èng èr é éi én éng ér ì ìn ìng í ín íng ò òng òu ó óng óu ù ùn ú ún ā āi ān āng āo ē ēi ēn ēng ě ěi ěn ěng
ěr ī īn īng ō ōng ōu ū ūn ǎ ǎi ǎn ǎng ǎo ǐ ǐn ǐng ǒ ǒng ǒu ǔ ǔn ǘ ǚ ǜ
"""
PINYIN_INITIALS = frozenset(_INITIALS.split())
PINYIN_FINALS = frozenset(_FINALS.split())

CMU_PHONEMES = frozenset(
    [f"[{vowel}{stress}]" for vowel in _CMU_VOWELS.split() for stress in ("", "0", "1", "2")]
    + [f"[{consonant}]" for consonant in _CMU_CONSONANTS.split()]
)
PHONE_NAMES = f"{_CMU_VOWELS}, each with 0, 1 or 2 for its stress, and {_CMU_CONSONANTS}"  # for error messages
PHONEMES = CMU_PHONEMES | {f"[{piece}]" for piece in (*PINYIN_INITIALS, *PINYIN_FINALS)}

# Instruction wordings of the CosyVoice 2 paper (table 1) and of its public example.
STYLES_V2 = {
    **{
        name: f"你能用{word}的情感说吗?"
        for name, word in {
            "happy": "高兴",
            "sad": "悲伤",
            "surprised": "惊讶",
            "angry": "愤怒",
            "fearful": "恐惧",
            "disgusted": "厌恶",
            "calm": "冷静",
            "serious": "严肃",
        }.items()
    },
    **{
        name: f"用{word}说这句话"
        for name, word in {
            "cantonese": "粤语",
            "sichuan": "四川话",
            "shanghai": "上海话",
            "zhengzhou": "郑州话",
            "changsha": "长沙话",
            "tianjin": "天津话",
        }.items()
    },
    **{
        name: f"尝试一下以{word}的角色和我交流。"
        for name, word in {
            "mysterious": "神秘",
            "fierce": "凶猛",
            "curious": "好奇",
            "elegant": "优雅",
            "lonely": "孤独",
            "robot": "机器人",
            "peppa": "小猪佩奇",
        }.items()
    },
    "fast": "Please speaking fast.",
    "very-fast": "Please speaking very fast.",
    "slow": "Please speaking slow.",
    "very-slow": "Please speaking very slow.",
}

# Instruction strings of the CosyVoice 3 training set.
STYLES_V3 = {
    **{
        name: f"请用{word}话表达。"
        for name, word in {
            "guangdong": "广东",
            "dongbei": "东北",
            "gansu": "甘肃",
            "guizhou": "贵州",
            "henan": "河南",
            "hubei": "湖北",
            "hunan": "湖南",
            "jiangxi": "江西",
            "minnan": "闽南",
            "ningxia": "宁夏",
            "shanxi": "山西",
            "shaanxi": "陕西",
            "shandong": "山东",
            "shanghai": "上海",
            "sichuan": "四川",
            "tianjin": "天津",
            "yunnan": "云南",
        }.items()
    },
    "loud": "Please say a sentence as loudly as possible.",
    "soft": "Please say a sentence in a very soft voice.",
    "slow": "请用尽可能慢地语速说一句话。",
    "fast": "请用尽可能快地语速说一句话。",
    "happy": "请非常开心地说一句话。",
    "sad": "请非常伤心地说一句话。",
    "angry": "请非常生气地说一句话。",
    "peppa": "我想体验一下小猪佩奇风格，可以吗？",
    "robot": "你可以尝试用机器人的方式解答吗？",
}
