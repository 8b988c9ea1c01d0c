#!/usr/bin/env bash
# Times writes into fresh images of 2 GiB, ours and QEMU's in turn, and prints the medians
# of five runs and their ratio. Both write to memory (tmpfs) through the page cache:
# qemu-img bench -t writeback, one request at a time. The time of starting a program
# and of making the image is not counted; that of closing it is only with ours.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${RUNS:-5}
dir=$(mktemp -d "${BENCH_DIR:-/dev/shm}/platter-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
go test -c -o "$dir/ours" ./engine

# ours BENCHMARK FORMAT COUNT: seconds
ours() {
	(cd engine && TMPDIR=$dir "$dir/ours" -test.run '^$' -test.bench "^$1\$/^$2\$" -test.benchtime "$3x") |
		awk -v n="$3" '/ns\/op/ { for (i = 1; i < NF; i++) if ($(i + 1) == "ns/op") printf "%.4f\n", $i * n / 1e9 }'
}

# theirs FORMAT COUNT LENGTH STEP: seconds
theirs() {
	local image="$dir/theirs.$1" options=()
	[ "$1" != vpc ] || options=(-o force_size)
	qemu-img create -q -f "$1" "${options[@]}" "$image" 2G
	qemu-img bench -f "$1" -t writeback -w -d 1 -c "$2" -s "$3" -S "$4" --pattern 65 "$image" |
		awk '/Run completed in/ { print $4 }'
	rm -f "$image"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# compare NAME BENCHMARK COUNT LENGTH STEP
compare() {
	local format qemu i
	for format in vhd vhdx vmdk; do
		qemu=$format
		[ "$format" != vhd ] || qemu=vpc
		: >"$dir/a"
		: >"$dir/b"
		for ((i = 0; i < runs; i++)); do
			ours "$2" "$format" "$3" >>"$dir/a"
			theirs "$qemu" "$3" "$4" "$5" >>"$dir/b"
		done
		awk -v a="$(median <"$dir/a")" -v b="$(median <"$dir/b")" -v name="$1 $format" \
			'BEGIN { printf "%-34s %8.3f s %8.3f s %6.2f\n", name, a, b, a / b }'
	done
}

printf '%-34s %10s %10s %6s\n' work ours qemu ratio
compare "scattered writes of 4 KiB" BenchmarkScatteredWrites 20000 4096 38809600
compare "sequential writes of 1 MiB" BenchmarkSequentialWrites 1024 1048576 1048576
