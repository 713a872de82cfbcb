#!/bin/sh
# cosy in shell pipelines. To try it in an empty folder: sh pipes.sh
set -eu

# Words in, sound out. The WAV on a pipe can be played as it comes: … | aplay
echo "The kettle is on." | cosy speak - -o - > kettle.wav

# Samples without a header, 16 bits at 24 kHz: two bytes are 1/24000 s.
bytes=$(echo "The rain has stopped." | cosy speak - -o - --format raw -q | wc -c)
echo "The rain takes $((bytes / 48)) milliseconds."

cat > lines.txt <<'LINES'
The ferry leaves at "six".
Nobody has seen the captain.
C:\ is not a harbour.
LINES

# Each line into a file of its own.
number=0
while IFS= read -r line; do
    number=$((number + 1))
    printf '%s\n' "$line" | cosy speak - -o "line-$number.wav" -q
done < lines.txt

# The same in one batch, which loads the model once: the lines as JSON, then the jobs.
sed 's/[\\"]/\\&/g' lines.txt | awk '{ printf "{\"id\": \"line-%d\", \"text\": \"%s\"}\n", NR, $0 }' > lines.jsonl
cosy batch lines.jsonl -o lines -q

# What became of it, for other programs. A second run finds all of it done.
cosy batch lines.jsonl -o lines -q --json | grep -c '"kept"'

# The chapters of a book, before anything is rendered.
cosy plan "$(dirname "$0")/the-light-at-low-water.epub" --json |
    python3 -c 'import json, sys; print(*(chapter["title"] for chapter in json.load(sys.stdin)["chapters"]), sep="\n")'
