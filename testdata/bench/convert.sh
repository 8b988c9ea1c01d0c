#!/usr/bin/env bash
# Times conversions of a disk, half of which is data, ours and those of others in turn, and
# prints the medians and their ratio. Everything lies in memory (tmpfs); whole programs are
# timed, with their start. qemu-img writes with its default for targets (-t unsafe), ours
# syncs what it has made, which costs nothing in memory.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${RUNS:-5}
mib=${MIB:-2048}
dir=$(mktemp -d "${BENCH_DIR:-/dev/shm}/platter-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/platter" .
disk="$dir/disk.raw"
truncate -s "${mib}M" "$disk"
# half data, in runs of 3 MiB: what is incompressible and what is text, by turns
for ((i = 0; i < mib; i += 6)); do
	if ((i % 12)); then
		head -c 3M /dev/urandom
	else
		head -c 2304K /dev/urandom | base64 -w 0 | head -c 3M
	fi | dd of="$disk" bs=1M seek="$i" conv=notrunc iflag=fullblock status=none
done
truncate -s "${mib}M" "$disk"
fallocate --dig-holes "$disk"

# timed COMMAND...: seconds
timed() {
	local start=$EPOCHREALTIME
	"$@" >/dev/null 2>&1
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.4f\n", b - a }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# compare NAME RUNS OURS THEIRS: both are shell commands; {} is a target to be made
compare() {
	local name=$1 count=$2 i
	: >"$dir/a"
	: >"$dir/b"
	for ((i = 0; i < count; i++)); do
		rm -f "$dir"/to*
		timed bash -c "${3//\{\}/$dir/to}" >>"$dir/a"
		rm -f "$dir"/to*
		timed bash -c "${4//\{\}/$dir/to}" >>"$dir/b"
	done
	rm -f "$dir"/to*
	awk -v a="$(median <"$dir/a")" -v b="$(median <"$dir/b")" -v name="$name" \
		'BEGIN { printf "%-44s %8.3f s %8.3f s %6.2f\n", name, a, b, a / b }'
}

ours="$dir/platter convert -q"
printf '%-44s %10s %10s %6s\n' work ours theirs ratio
compare "raw to raw / cp --sparse=always" "$runs" "$ours $disk {}.raw" "cp --sparse=always $disk {}.raw"
for pair in raw:raw vhd:vpc vhdx:vhdx vmdk:vmdk; do
	us=${pair%:*} them=${pair#*:}
	compare "raw to $us / qemu-img" "$runs" "$ours $disk {}.$us" "qemu-img convert -f raw -O $them $disk {}.$us"
done
for us in vhd vhdx vmdk; do
	$ours "$disk" "$dir/from.$us"
	them=${us/#vhd/vpc}
	[ "$us" = vhdx ] && them=vhdx
	compare "$us to raw / qemu-img" "$runs" "$ours $dir/from.$us {}.raw" "qemu-img convert -f $them -O raw $dir/from.$us {}.raw"
	rm -f "$dir/from.$us"
done
compare "raw to streamOptimized / qemu-img" $(((runs + 2) / 3)) "$ours --type streamOptimized $disk {}.vmdk" \
	"qemu-img convert -f raw -O vmdk -o subformat=streamOptimized $disk {}.vmdk"
$ours --type streamOptimized "$disk" "$dir/stream.vmdk"
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized "$disk" "$dir/theirs.vmdk"
printf 'size of the stream, ours / theirs: %s\n' "$(awk -v a="$(stat -c %s "$dir/stream.vmdk")" -v b="$(stat -c %s "$dir/theirs.vmdk")" 'BEGIN { printf "%.3f", a / b }')"
compare "streamOptimized to raw / qemu-img" "$runs" "$ours $dir/stream.vmdk {}.raw" "qemu-img convert -f vmdk -O raw $dir/stream.vmdk {}.raw"
