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

# Conversations: the first byte picks how they begin, then come a side (b client, a server), a length, and so many bytes; a
# side below a space is a gap.
mkdir -p "$here/corpus/exchanges"
conversation() {
    printf "$2" >"$here/corpus/exchanges/$1"
}
conversation http1 '\0b\23Host: a\r\nX: yes\r\n\r\na\46HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nb\22GET /b HTTP/1.1\r\n\r\na\05hello'
conversation chunked '\0b\02\r\na\57HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\175\r\nhello\r\n0\r\n\r\n'
conversation gaps '\0b\02\r\n\01\10a\46HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'
conversation http2 '\1b\17\0\0\06\04\0\0\0\0\0\0\04\0\0\0\05b\14\0\0\03\01\05\0\0\0\01\202\204\207a\12\0\0\01\01\04\0\0\0\01\210a\16\0\0\05\0\0\0\0\0\01hello'
conversation tls '\2a\13\26\03\03\0\06\02\0\0\02\03\03b\06\24\03\03\0\01\01a\10\27\03\03\0\03abc'
echo "exchanges: $(find "$here/corpus/exchanges" -type f | wc -l) seeds"
