#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run.sh [fast]: run every test that is built, or those that need neither a filesystem of their own
# nor a guest, and print one total. The last line is always "N passed, N failed, N skipped"; the
# status is 1 if anything failed or crashed.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8 TZ=UTC CMOCKA_MESSAGE_OUTPUT=STDOUT
export PYTHONDONTWRITEBYTECODE=1
# under sudo, too, a traced command is root's: what it needs is
unset SUDO_UID SUDO_GID
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

case ${1:-all} in
all | fast) what=${1:-all} ;;
*)
	echo "usage: run.sh [fast]" >&2
	exit 2
	;;
esac

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

skip() {
	skipped=$((skipped + 1))
	skips+=("$1")
}

# Number of lines of file $1 that match the extended pattern $2.
count() { grep -cE "$2" "$1"; }

# begin NAME COMMAND...: runs it beside others, as many at a time as there are CPUs. What it says
# and its status are for the function that sums it up.
begin() {
	local name=$1
	shift
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
	{
		"$@" >"$scratch/$name.log" 2>&1
		echo $? >"$scratch/$name.status"
	} &
}

# A cmocka binary. A crash leaves no summary, and its status is then all there is.
unit() {
	local name=$1 log=$scratch/$1.log status ok bad
	title "$name"
	status=$(<"$scratch/$name.status")
	ok=$(count "$log" '^\[       OK \]')
	while read -r test; do
		skip "$name: $test"
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
	local name=$1 log=$scratch/$1.log status line ok bad
	title "$name"
	status=$(<"$scratch/$name.status")
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

# One test: a command that must succeed. What it prints as "skip: REASON" is why it cannot tell.
single() {
	local name=$1 reason
	shift
	if "$@" >"$scratch/single" 2>&1; then
		reason=$(sed -n 's/^skip: //p' "$scratch/single")
		if [ -n "$reason" ]; then
			skip "$name: $reason"
			return
		fi
		add "$name" 1 0
		echo "$name: passed"
	else
		cat "$scratch/single"
		add "$name" 0 1
		echo "$name: failed"
	fi
}

# pytest_in NAME PATH...: its junit file carries figures and reasons.
pytest_in() {
	local name=$1
	shift
	/usr/bin/python3 -m pytest -q -rf -p no:cacheprovider -m 'not remedies' \
		--junitxml="$scratch/$name.xml" "$@"
}

# pytest_sum NAME STATUS
pytest_sum() {
	local name=$1 figures ok bad
	figures=$(/usr/bin/python3 tests/junit.py "$scratch/$name.xml" "$scratch/skips") ||
		figures="0 1"
	read -r ok bad <<<"$figures"
	# 5: nothing was collected
	if [ "$2" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
	add "pytest $name" "$ok" "$bad"
	while read -r line; do skip "$line"; done <"$scratch/skips"
}

# pytests NAME PATH...: seen as they run.
pytests() {
	title "pytest $1"
	pytest_in "$@"
	pytest_sum "$1" $?
}

# told_after NAME: what ran beside others.
told_after() {
	title "pytest $1"
	cat "$scratch/$1.log"
	pytest_sum "$1" "$(<"$scratch/$1.status")"
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

# Each version of the formatter breaks some lines in its own way.
formatted() {
	local want has files
	want=$(sed -n 's/^# clang-format \([0-9]*\)$/\1/p' .clang-format)
	has=$(clang-format --version 2>/dev/null | sed -n 's/.*version \([0-9]*\)\..*/\1/p')
	[ -n "$want" ] || { echo ".clang-format does not say of what version"; return 1; }
	if [ "$has" != "$want" ]; then
		echo "skip: needs clang-format $want, has ${has:-none}"
		return
	fi
	mapfile -t files < <(find src bpf tools tests -name '*.[ch]')
	[ "${#files[@]}" -gt 100 ] || { echo "only ${#files[@]} files found"; return 1; }
	clang-format --dry-run -Werror "${files[@]}"
}

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

stack_fits() {
	if ! command -v llvm-objdump >/dev/null; then
		echo "skip: needs llvm-objdump (llvm)"
		return
	fi
	/usr/bin/python3 tests/bpfstack.py build/bpf/aiostall.bpf.o
}

# Of the slow ones first, so that none is left to run alone at the end.
begin cli pytest_in cli tests/cli
begin faults pytest_in faults tests/faults
begin replay bash tests/replay/run.sh
units=()
for bin in build/tests/test_*; do
	if [ -x "$bin" ] && [ -f "$bin" ]; then
		units+=("$(basename "$bin")")
		begin "${units[-1]}" "$bin"
	fi
done
wait
for name in "${units[@]}"; do unit "$name"; done
counted replay
told_after cli
told_after faults

title "single tests"
single "causes are listed" causes_listed
single "shellcheck" shell_clean
single "clang-format" formatted
single "nothing is used that the static binary leaves out" nothing_left_out
single "programs compile for arm64" make -s bpf-arm64
single "programs need no more stack than any kernel allows" stack_fits

# one NAME COMMAND...: as begin, and waits for it.
one() {
	begin "$@"
	wait
}

# Files of tests/live that trace nothing but what they start, by its process or as a command, so that
# the calls of another do not count. Most of their time they wait, for slow devices and the clock: two
# lanes of about the same length go beside each other. A file that is in neither lane runs after them:
# one that counts all calls of the host, takes a CPU away, switches io_uring off for everybody, or says
# how fast something is. The first lane has those that drop the caches of the host or have it forget in
# other ways.
lanes=(
	"causes patterns agreement conservation attribution delay synchronous fio sample who targets locks page_live"
	"slower uring recorder filters rotation cut_off spill unfinished uring_clients memory"
)

# live_files N: those of a lane
live_files() {
	local file
	for file in ${lanes[$1]}; do echo "tests/live/test_$file.py"; done
}

# The tests of the second lane, then what asks nothing of this machine's kernel.
second_lane() {
	# shellcheck disable=SC2046 # words
	one live-2 pytest_in live-2 $(live_files 1)
	one web pytest_in web tests/web
	if [ -x build/fuzz/recording ]; then one fuzz bash tests/fuzz/run.sh 60; fi
}

live() {
	local second guests
	second_lane &
	second=$!
	# make check-kernels takes all kernels
	KERNELS=quick one vm pytest_in vm tests/vm &
	guests=$!
	# shellcheck disable=SC2046 # words
	pytests live-1 $(live_files 0)
	until [ -e "$scratch/live-2.status" ]; do
		kill -0 $second || break
		sleep 0.5
	done
	told_after live-2
	# shellcheck disable=SC2046 # words
	pytests live tests/live $(printf -- '--ignore=%s ' $(live_files 0) $(live_files 1))
	wait $second $guests
	told_after web
	told_after vm
}

if [ "$what" = all ]; then
	live
	if [ -x build/fuzz/recording ]; then
		counted fuzz
	else
		skip "fuzz: clang's fuzzer runtime (libclang-rt-dev) is not installed"
	fi
	# These build once more in this tree, which has to stand still for the others.
	begin packages pytest_in packages tests/packages
	begin hardened bash tests/hardened.sh
	wait
	told_after packages
	counted hardened
fi

title total
for line in "${skips[@]}"; do echo "skipped: $line"; done
for line in "${failures[@]}"; do echo "failed: $line"; done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
