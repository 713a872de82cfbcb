"""The recordings in docs/samples: each shipped voice says its preview.

python docs/samples.py
"""

import subprocess
import sys
from pathlib import Path

from cosycli.voices import find_voice, voice_names

FOLDER = Path(__file__).with_name("samples")
COSY = [sys.executable, "-c", "from cosycli.cli.main import run; run()"]


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for voice in voice_names():
        if find_voice(voice).is_shipped:
            subprocess.run([*COSY, "voices", "preview", voice, "-o", str(FOLDER / f"{voice}.mp3")], check=True)


if __name__ == "__main__":
    main()
