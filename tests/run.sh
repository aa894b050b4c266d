#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run every test that is built and print one total. The last line is always
# "N passed, N failed, N skipped"; the status is 1 if anything failed or crashed.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8 TZ=UTC CMOCKA_MESSAGE_OUTPUT=STDOUT
export PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

passed=0 failed=0 skipped=0
skips=() failures=()
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

title() { printf '\n== %s\n' "$1"; }

# add NAME PASSED FAILED: one suite's figures into the total.
add() {
	passed=$((passed + $2))
	failed=$((failed + $3))
	if [ "$3" -gt 0 ]; then failures+=("$1: $3 failed"); fi
}

# Number of lines of file $1 that match the extended pattern $2.
count() { grep -cE "$2" "$1"; }

# A cmocka binary. A crash leaves no summary, and its status is then all there is.
unit() {
	local name log status ok bad
	name=$(basename "$1")
	log=$scratch/$name
	title "$name"
	"$1" >"$log" 2>&1
	status=$?
	ok=$(count "$log" '^\[       OK \]')
	while read -r test; do
		skipped=$((skipped + 1))
		skips+=("$name: $test")
	done < <(sed -n 's/^\[  SKIPPED \] \([a-zA-Z_].*\)/\1/p' "$log" | sort -u)
	# names of failures are printed twice: as they happen and in the summary
	bad=$(sed -n 's/^\[  FAILED  \] \([a-zA-Z_][^ ]*\)$/\1/p' "$log" | sort -u | wc -l)
	if [ "$status" -ne 0 ] || [ "$ok" -eq 0 ]; then
		cat "$log"
		if [ "$bad" -eq 0 ]; then bad=1; fi
	fi
	add "$name" "$ok" "$bad"
	echo "$ok passed, $bad failed (status $status)"
}

# A script whose last line of figures is "N passed, N failed".
counted() {
	local name=$1 log=$scratch/counted status line ok bad
	shift
	title "$name"
	"$@" >"$log" 2>&1
	status=$?
	cat "$log"
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	ok=$(sed -n 's/^\([0-9]*\) passed.*/\1/p' <<<"$line")
	bad=$(sed -n 's/.* \([0-9]*\) failed.*/\1/p' <<<"$line")
	if [ -z "$line" ] || { [ "$status" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; }; then
		echo "$name: ended with status $status"
		bad=1
	fi
	add "$name" "${ok:-0}" "${bad:-0}"
}

# One test: a command that must succeed.
single() {
	local name=$1
	shift
	if "$@" >"$scratch/single" 2>&1; then
		add "$name" 1 0
		echo "$name: passed"
	else
		cat "$scratch/single"
		add "$name" 0 1
		echo "$name: failed"
	fi
}

# The verb that needs no kernel: every built-in rule is listed with an id and a name.
causes_listed() {
	local n
	n=$(build/aiostall causes | grep -cE '[a-z0-9_]+\.[a-z0-9_]+') || return 1
	[ "$n" -ge 10 ] || { echo "only $n causes listed"; return 1; }
}

shell_files() {
	find . -path ./.git -prune -o -path ./build -prune -o -type f -print | while read -r f; do
		if [[ $f == *.sh ]] || head -c 64 "$f" | head -n 1 | tr -d '\0' |
			grep -qE '^#!.*[/ ](ba|da)?sh( |$)'; then
			echo "$f"
		fi
	done
}

shell_clean() {
	local files
	mapfile -t files < <(shell_files)
	[ "${#files[@]}" -gt 0 ] || { echo "no shell file found"; return 1; }
	shellcheck -x "${files[@]}"
}

# pytest over the folders given; its junit file carries figures and reasons.
pytests() {
	local status xml=$scratch/junit.xml figures ok bad
	title "pytest $*"
	/usr/bin/python3 -m pytest -q -rf -p no:cacheprovider --junitxml="$xml" "$@"
	status=$?
	figures=$(/usr/bin/python3 tests/junit.py "$xml" "$scratch/skips") || figures="0 1"
	read -r ok bad <<<"$figures"
	# 5: nothing was collected
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
	add pytest "$ok" "$bad"
	while read -r line; do
		skipped=$((skipped + 1))
		skips+=("$line")
	done <"$scratch/skips"
}

for bin in build/tests/test_*; do
	if [ -x "$bin" ] && [ -f "$bin" ]; then unit "$bin"; fi
done
if [ -f tests/replay/run.sh ]; then counted replay bash tests/replay/run.sh; fi
counted layers bash tests/layers.sh
# src/static/unused.c stands in for what only SQLite refers to: our own objects must not.
nothing_left_out() {
	local names
	names=$(sed -n 's/^\(NO_ANGLES\|NOTHING_TO_INIT\)(\(.*\))$/\2/p; s/.*__wrap_\([a-z0-9_]*\)(.*;$/\1/p' \
		src/static/unused.c | sort -u)
	[ "$(wc -w <<<"$names")" -gt 15 ] || return 1
	if find build/obj/src -name '*.o' ! -path '*/static/*' -exec nm -u {} + |
		awk '{ print $2 }' | grep -xFf <(echo "$names"); then
		return 1
	fi
}

title "single tests"
single "causes are listed" causes_listed
single "shellcheck" shell_clean
single "nothing is used that the static binary leaves out" nothing_left_out
single "programs compile for arm64" make -s bpf-arm64
folders=()
for dir in tests/cli tests/live; do
	if compgen -G "$dir/test_*.py" >/dev/null; then folders+=("$dir"); fi
done
if [ "${#folders[@]}" -gt 0 ]; then pytests "${folders[@]}"; fi
# The oldest and the newest kernel, in QEMU; make check-kernels takes all.
if [ -f tests/vm/test_kernels.py ]; then KERNELS=quick pytests tests/vm; fi

# Long enough to read each seed and many of their children; make fuzz takes longer.
if [ -x build/fuzz/recording ]; then
	counted fuzz bash tests/fuzz/run.sh 60
else
	skipped=$((skipped + 1))
	skips+=("fuzz: clang's fuzzer runtime (libclang-rt-dev) is not installed")
fi

title total
for line in "${skips[@]}"; do echo "skipped: $line"; done
for line in "${failures[@]}"; do echo "failed: $line"; done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
