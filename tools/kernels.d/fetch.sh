# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Part of tools/kernels: Debian's kernel packages, through an apt configuration of their own. Which
# archive is asked comes from this machine's apt sources; its lists and its cache are not touched.

# shellcheck disable=SC2034 # the caller's variables
# row NAME: the columns of a kernel in the list file, in $suite, $pattern, $sets, and $arch.
row()
{
	local name

	while read -r name suite pattern sets; do
		[ "$name" = "$1" ] || continue
		arch=amd64
		[[ $pattern != *arm64 ]] || arch=arm64
		return 0
	done < <(grep -v '^#' "$PARTS/list")
	die "no kernel \"$1\" in ${PARTS#"$TOP"/}/list; there are: $(names | xargs)"
}

names()
{
	awk '!/^#/ && NF { print $1 }' "$PARTS/list"
}

# sources_of main|security: "URI KEYRING" of the archive this machine uses itself; KEYRING may be
# "-". Reads both formats of apt's sources.
sources_of()
{
	local files=(/etc/apt/sources.list /etc/apt/sources.list.d/*.list
		/etc/apt/sources.list.d/*.sources)

	cat "${files[@]}" 2>/dev/null | awk -v want="$1" '
		function flush() {
			if (uri != "" && suites ~ dist && comps ~ /(^| )main( |$)/ &&
			    ((suites ~ /security/) == (want == "security")) && !done) {
				print uri, key
				done = 1
			}
			uri = suites = comps = ""
			key = "-"
		}
		BEGIN {
			dist = "(^| )(bullseye|bookworm|trixie|forky|sid|testing|stable|unstable)"
			key = "-"
		}
		/^#/ { next }
		/^[ \t]*$/ { flush(); next }
		/^deb / {
			flush()
			sub(/^deb +/, "")
			if (match($0, /^\[[^]]*\] */)) {
				opts = substr($0, 1, RLENGTH)
				$0 = substr($0, RLENGTH + 1)
				if (match(opts, /signed-by=[^] ]+/))
					key = substr(opts, RSTART + 10, RLENGTH - 10)
			}
			uri = $1; suites = $2; $1 = $2 = ""; comps = $0
			flush()
			next
		}
		/^Types:/ { flush() }
		/^URIs:/ { uri = $2 }
		/^Suites:/ { $1 = ""; suites = $0 }
		/^Components:/ { $1 = ""; comps = $0 }
		/^Signed-By:/ && NF > 1 { key = $2 }
		END { flush() }'
}

# apt_folder SUITE: where the index of a suite is, for packages of $arch.
apt_folder()
{
	local suffix=

	[ "$arch" = amd64 ] || suffix=.$arch
	echo "$CACHE/apt/$1$suffix"
}

# apt_suite SUITE COMMAND ARGS...: apt-get or apt-cache that sees this one suite and nothing else.
apt_suite()
{
	local dir command=$2
	dir=$(apt_folder "$1")
	shift 2

	"$command" -q -oDir::Etc::SourceList=/dev/null -oDir::Etc::SourceParts="$dir/sources" \
		-oDir::Etc::PreferencesParts=/dev/null -oDir::Etc::Preferences=/dev/null \
		-oDir::State::Lists="$dir/lists" -oDir::State::status="$dir/status" \
		-oDir::Cache="$dir" -oDir::Cache::archives="$dir/archives" \
		-oDir::Cache::pkgcache= -oDir::Cache::srcpkgcache= -oAPT::Architecture="$arch" \
		-oAPT::Architectures::="$arch" -oAPT::Sandbox::User=root \
		-oAcquire::Languages=none -oAcquire::Retries=1 -oAcquire::http::Timeout=30 \
		-oAcquire::Check-Valid-Until=false \
		-oAPT::Update::Post-Invoke-Success::= "$@"
}

# A suite's index, fetched at most once a day.
update_suite()
{
	local dir kind=main uri key

	dir=$(apt_folder "$1")
	[ -z "$(find "$dir/updated" -mmin -1440 2>/dev/null)" ] || return 0
	case $1 in
	*-security) kind=security ;;
	esac
	read -r uri key < <(sources_of $kind) ||
		skip "this machine's apt sources name no Debian $kind archive"
	mkdir -p "$dir/sources" "$dir/lists/partial" "$dir/archives/partial"
	: > "$dir/status"
	{
		printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$1"
		[ "$key" = - ] || printf 'Signed-By: %s\n' "$key"
	} > "$dir/sources/suite.sources"
	say "index of $1"
	# apt-get says 0 when it keeps an older index.
	if ! apt_suite "$1" apt-get update > "$dir/log" 2>&1 ||
		grep -q '^[EW]: .*Failed' "$dir/log"; then
		skip "no index of suite $1: $(grep '^[EW]:' "$dir/log" | head -1)"
	fi
	touch "$dir/updated"
}

# newest SUITE PATTERN: the package with the highest version in its name.
newest()
{
	apt_suite "$1" apt-cache pkgnames linux- | grep -Ex "$2" | sort -V | tail -1
}

# download SUITE DIRECTORY PACKAGE...
download()
{
	local suite=$1 dir=$2
	shift 2

	say "downloading $*"
	(cd "$dir" && apt_suite "$suite" apt-get download "$@") > "$dir/log" 2>&1 ||
		skip "cannot download $*: $(grep '^[EW]:' "$dir/log" | head -1)"
}

# indexed SUITE PACKAGE...: are they all in the suite's index?
indexed()
{
	local suite=$1 package
	shift

	for package; do
		apt_suite "$suite" apt-cache show "$package" 2>/dev/null | grep -q '^Filename:' || return 1
	done
}

# beside SUITE DIRECTORY PACKAGE OTHER...: the packages of the same version that the pool has still
# and the index has no more: it drops those of an older upload, but keeps what was signed. Nothing
# tells that they are Debian's but the place, so they are for guests alone.
beside()
{
	local suite=$1 dir=$2 package=$3 uri other
	shift 3

	uri=$(apt_suite "$suite" apt-get download --print-uris "$package" 2>/dev/null |
		sed -n "s/^'\([^']*\)'.*/\1/p")
	uri=${uri//%2b/+}
	[[ $uri == */linux-signed-*/"$package"_* ]] || skip "no address of $package"
	for other; do
		say "downloading $other, which no index has"
		curl -sfS --retry 2 --connect-timeout 30 -o "$dir/$other.deb" \
			"${uri%/linux-signed-*}/linux/$other${uri##*/"$package"}" 2>> "$dir/log" ||
			skip "cannot download $other: $(tail -n 1 "$dir/log")"
	done
}

# fetch NAME: packages of the newest version into the cache; an older version there goes.
fetch()
{
	# shellcheck disable=SC2034 # row sets them
	local suite pattern sets arch dir=$CACHE/$1 package version
	local -a others=()

	row "$1"
	if [ -e "$dir/package" ] && [ "${REFRESH:-0}" = 0 ]; then
		return 0
	fi
	update_suite "$suite"
	package=$(newest "$suite" "$pattern")
	[ -n "$package" ] || skip "suite $suite has no package $pattern"
	if [ "$(cat "$dir/package" 2>/dev/null)" = "$package" ]; then
		return 0
	fi
	case $package in
	linux-binary-*)
		version=${package#linux-binary-}
		others=("linux-modules-$version" "linux-base-$version")
		;;
	esac
	rm -rf "${dir:?}"
	mkdir -p "$dir/debs"
	if indexed "$suite" "${others[@]}"; then
		download "$suite" "$dir/debs" "$package" "${others[@]}"
	else
		download "$suite" "$dir/debs" "$package"
		beside "$suite" "$dir/debs" "$package" "${others[@]}"
	fi
	echo "$package" > "$dir/package"
}
