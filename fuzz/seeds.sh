#!/bin/sh
# Fills fuzz/corpus/TARGET with seeds: small files from a folder of captures, for each target what it can use.
#
#   fuzz/seeds.sh FOLDER
set -eu
[ $# -eq 1 ] && [ -d "$1" ] || { echo "usage: $0 FOLDER-OF-CAPTURES" >&2; exit 2; }
folder=$1
here=$(cd "$(dirname "$0")" && pwd)

# Copies the files of the folder that are smaller than SIZE (as find counts) under names by content.
seed_files() {
    target=$1 size=$2
    mkdir -p "$here/corpus/$target"
    find "$folder" "$here/../crates" -type f -size "-$size" \
        \( -name '*.pcap' -o -name '*.pcapng' -o -name '*.cap' -o -name '*.snoop' -o -name '*.trace' \) |
        while IFS= read -r file; do
            name=$(cksum <"$file" | tr ' ' '-')
            cp "$file" "$here/corpus/$target/$name"
        done
    echo "$target: $(find "$here/corpus/$target" -type f | wc -l) seeds"
}

seed_files capture_file 8k

# Pasted text: the examples, and one file of each format.
mkdir -p "$here/corpus/text"
cp "$here"/../examples/*.txt "$here"/seeds/text/*.txt "$here/corpus/text/"
echo "text: $(find "$here/corpus/text" -type f | wc -l) seeds"
seed_files layers 8k

# Conversations.
mkdir -p "$here/corpus/exchanges"
cp "$here"/seeds/exchanges/* "$here/corpus/exchanges/"
echo "exchanges: $(find "$here/corpus/exchanges" -type f | wc -l) seeds"

# Filters.
mkdir -p "$here/corpus/filter"
cp "$here"/seeds/filter/* "$here/corpus/filter/"
echo "filter: $(find "$here/corpus/filter" -type f | wc -l) seeds"
