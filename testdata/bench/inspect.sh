#!/usr/bin/env bash
# Times what is looked up in images, and operations in place, ours and those of others in
# turn, and prints the medians of five runs and their ratio: two equal disks of different
# kinds compared, full tables of terabytes checked, and images resized, merged and
# compacted, held against cp of the bytes that must move. All lies in memory (tmpfs), the
# giants as holes behind real tables; whole programs are timed, with their start.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${RUNS:-5}
mib=${MIB:-2048}
dir=$(mktemp -d "${BENCH_DIR:-/dev/shm}/platter-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/platter" .
platter="$dir/platter"
cd "$dir"

timed() {
	local start=$EPOCHREALTIME
	bash -c "$1" >out 2>&1 || [ $? = 1 ] || { cat out >&2; exit 1; }
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.4f\n", b - a }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# compare NAME OURS THEIRS [BEFORE]: shell commands; BEFORE is done before each, not timed
compare() {
	local i
	: >ours
	: >theirs
	for ((i = 0; i < runs; i++)); do
		eval "${4:-}"
		timed "$2" >>ours
		eval "${4:-}"
		timed "$3" >>theirs
	done
	awk -v a="$(median <ours)" -v b="$(median <theirs)" -v name="$1" \
		'BEGIN { printf "%-48s %8.3f s %8.3f s %6.2f\n", name, a, b, a / b }'
}

# full IMAGE: every entry of the tables names a block or grain of its own, past the end of
# what is there; the file is a hole from there on. With a table and its redundant copy,
# both name the same.
full() {
	"$platter" layout "$1" --json >layout
	python3 - "$1" <<'P'
import array, json, sys
name = sys.argv[1]
regions = json.load(open("layout"))["regions"]
tables = [r for r in regions if r["name"].lower() in ("bat", "grain table", "redundant grain table")]
end = max(r["offset"] + r["length"] for r in regions)
info = json.load(open("info"))
unit = info["block_size"]
first = -(-end // max(unit, 1 << 20)) * max(unit, 1 << 20)
with open(name, "r+b") as f:
    for t in tables:
        count, at = -(-info["virtual_size"] // unit), t["offset"]
        vhdx = name.endswith("vhdx")
        chunk = (1 << 23) * info["logical_sector_size"] // unit
        width, done = (8 if vhdx else 4), 0
        f.seek(at)
        while done < count:
            n = min(1 << 20, count - done)
            if vhdx:
                n -= n % chunk
                n = n or min(chunk, count - done)
                part = array.array("Q")
                for c in range(done, done + n, chunk):
                    m = min(chunk, done + n - c)
                    part.extend(range(first + c * unit | 6, first + (c + m) * unit | 6, unit))
                    part.append(0)
            else:
                part = array.array("I", range((first + done * unit) // 512, (first + (done + n) * unit) // 512, unit // 512))
            part.tofile(f)
            done += n
    f.truncate(first + count * unit)
P
}

printf '%-48s %10s %10s %6s\n' work ours theirs ratio
for ((i = 0; i < mib; i += 6)); do
	head -c 3M /dev/urandom | dd of=disk.raw bs=1M seek="$i" conv=notrunc iflag=fullblock status=none
done
truncate -s "${mib}M" disk.raw
"$platter" convert -q disk.raw disk.vhdx
"$platter" convert -q disk.raw disk.vmdk
compare "two equal disks compared, VHDX, VMDK / qemu-img" "$platter compare disk.vhdx disk.vmdk" "qemu-img compare -f vhdx -F vmdk disk.vhdx disk.vmdk"
compare "raw and VHDX compared / qemu-img" "$platter compare disk.raw disk.vhdx" "qemu-img compare -f raw -F vhdx disk.raw disk.vhdx"

data=$((mib / 2))
# the table grows from 4 KiB to 4 MiB, for which two blocks move
compare "resize of a VHD to 2000 GiB / cp of 6 MiB" "$platter resize -q to.vhd 2000G" "head -c 6M disk.raw >b" "rm -f to.vhd b; $platter convert -q disk.raw to.vhd"
for format in vhd vhdx vmdk; do
	"$platter" create -q base.$format "${mib}M"
	"$platter" create -q --parent base.$format child.$format
	"$platter" write -q child.$format --offset 0 --from disk.raw
	mkdir -p keep && cp --sparse=always base.$format child.$format keep/
	compare "merge of $data MiB into an empty $format / cp" "$platter merge -q child.$format" "cp keep/child.$format b.$format" \
		"rm -f b.$format; cp --sparse=always keep/base.$format keep/child.$format ."
	rm -rf keep base.$format child.$format b.$format
	"$platter" convert -q disk.raw keep.$format
	"$platter" write -q keep.$format --offset 0 --fill 00 --length $((mib / 2))M
	compare "compact, half of $data MiB is zeros, $format / cp" "$platter compact -q to.$format" "head -c $((data / 2))M disk.raw >b.$format" \
		"rm -f to.$format b.$format; cp --sparse=always keep.$format to.$format"
	rm -f keep.$format to.$format b.$format
done
rm -f disk.*

giant() { # giant NAME IMAGE FORMAT CREATE...
	local name=$1 image=$2 format=$3
	shift 3
	"$platter" create -q "$image" "$@"
	"$platter" info --json "$image" >info
	full "$image"
	compare "$name / qemu-img check" "$platter check $image" "qemu-img check -f $format $image"
	[ "$format" != vmdk ] || compare "$name, layout / 1.5 s" "$platter layout $image" "sleep 1.5"
	rm -f "$image"
}
giant "check, VHDX of 64 TiB, 2 million entries" v.vhdx vhdx 64T --block-size 32M
giant "check, VHDX of 64 TiB, 67 million entries" v.vhdx vhdx 64T --block-size 1M
giant "check, VMDK of 1.9 TiB" s.vmdk vmdk 1945G --type monolithicSparse
