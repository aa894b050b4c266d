#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# completions.sh BINARY bash|zsh|fish: what a shell completes, on stdout. The verbs and options are
# those of the binary's own --help, which come from its tables.
set -eu
binary=$1 shell=$2

verbs=$("$binary" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\)  *\([^ ].*\)/\1|\2/p')

# read_options VERB: lines "long|letter|ARG|help", a wrapped help as one line.
read_options() {
	"$binary" "$1" --help | awk '
		function flush() { if (name) print name "|" letter "|" arg "|" help }
		/^Options:/ { on = 1; next }
		on && /^$/ { exit }
		!on { next }
		/^  (-[a-zA-Z], |    )--/ {
			flush()
			letter = substr($0, 3, 1) == "-" ? substr($0, 4, 1) : ""
			rest = substr($0, 9)
			name = rest; sub(/[^a-z-].*/, "", name)
			rest = substr(rest, length(name) + 1)
			arg = ""
			if (rest ~ /^ [A-Z]/) { arg = rest; sub(/^ /, "", arg); sub(/ .*/, "", arg) }
			rest = substr(rest, length(arg) ? length(arg) + 2 : 1)
			help = rest; sub(/^ +/, "", help)
			next
		}
		{ line = $0; sub(/^ +/, "", line); help = help (help ? " " : "") line }
		END { flush() }'
}

declare -A known
while IFS='|' read -r verb _; do
	known[$verb]=$(read_options "$verb")
done <<<"$verbs"
options() { echo "${known[$1]}"; }

# values ARG HELP: into $list the words that an option takes, if its help lists them, else what kind of
# thing it takes. Without a process of its own: there are many options.
values() {
	local rest=$2 way
	list=
	case $1 in
	NAME | WHAT*)
		[[ $rest =~ .*:\ ([a-z_-]+(,\ [a-z_-]+)+) ]] && list=${BASH_REMATCH[1]//,/}
		;;
	NEED=WAY)
		while [[ $rest =~ ([a-z]+)=([a-z_]+(\|[a-z_]+)+)(.*) ]]; do
			rest=${BASH_REMATCH[4]}
			for way in ${BASH_REMATCH[2]//|/ }; do list+="${BASH_REMATCH[1]}=$way "; done
		done
		;;
	FILE) list=@file ;;
	PATH) list=@folder ;;
	PID*) list=@pid ;;
	TYPE*) list=@type ;;
	esac
	return 0
}

# Expanded by the shell that completes.
# shellcheck disable=SC2016
types='$(sed "s/.*\t//" /proc/filesystems 2>/dev/null)'
# shellcheck disable=SC2016
pids='$(cd /proc && echo [0-9]*)'
ids="\$(aiostall causes 2>/dev/null | sed \"s/ .*//\")"

# The lines of a case over "VERB OPTION": the words, or what kind of thing they are.
cases() {
	local verb name letter arg help list
	while IFS='|' read -r verb _; do
		while IFS='|' read -r name letter arg help; do
			[ -n "$arg" ] || continue
			values "$arg" "$help"
			case $list in
			@pid) list=$pids ;;
			@type) list=$types ;;
			esac
			printf '\t"%s --%s"%s) list="%s" ;;\n' "$verb" "$name" \
				"${letter:+ | \"$verb -$letter\"}" "$list"
		done < <(options "$verb")
	done <<<"$verbs"
}

words_of() {
	options "$1" | awk -F'|' '{ printf "%s--%s", (NR > 1) ? " " : "", $1 }'
}

option_lists() {
	local verb
	while IFS='|' read -r verb _; do
		printf '\t%s) all="%s" ;;\n' "$verb" "$(words_of "$verb")"
	done <<<"$verbs"
}

verb_words() { cut -d'|' -f1 <<<"$verbs" | paste -sd' ' -; }

# The two shells differ in how they are asked and answered; what is looked up is the same.
lookup() {
	cat <<END
	local verb=stat all= list=
	case " $(verb_words) " in *" \$second "*) verb=\$second ;; esac
	case "\$verb" in
$(option_lists)
	esac
	case "\$verb \$before" in
$(cases)
	"causes "*) [[ \$current == -* ]] && list=\$all || list="$ids" ;;
	*)
		list=\$all
		[[ \$at -eq 1 && \$current != -* ]] && list="$(verb_words)"
		[[ \$at -gt 1 && \$current != -* ]] && list=@file
		;;
	esac
END
}

case $shell in
bash)
	cat <<END
# bash completion for aiostall
_aiostall() {
	local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
	local second=\${COMP_WORDS[1]} at=\$COMP_CWORD word
	for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
		[[ \$word == -- ]] && { mapfile -t COMPREPLY < <(compgen -c -- "\$current"); return; }
	done
$(lookup)
	case \$list in
	@file) mapfile -t COMPREPLY < <(compgen -f -- "\$current"); compopt -o filenames 2>/dev/null ;;
	@folder) mapfile -t COMPREPLY < <(compgen -d -- "\$current"); compopt -o filenames 2>/dev/null ;;
	*) mapfile -t COMPREPLY < <(compgen -W "\$list" -- "\$current") ;;
	esac
}
complete -F _aiostall aiostall
END
	;;
zsh)
	cat <<END
#compdef aiostall
# zsh completion for aiostall
_aiostall() {
	local current=\${words[CURRENT]} before=\${words[CURRENT-1]} second=\${words[2]} at=\$((CURRENT - 1))
	local dashes=\${words[(I)--]}
	if ((dashes && dashes < CURRENT)); then
		_command_names -e
		return
	fi
$(lookup)
	case \$list in
	@file) _files ;;
	@folder) _files -/ ;;
	*) compadd -- \${=list} ;;
	esac
}
[[ \$zsh_eval_context[-1] == loadautofunc ]] && _aiostall "\$@"
END
	;;
fish)
	echo "# fish completion for aiostall"
	echo "complete -c aiostall -f"
	all_verbs=$(verb_words)
	while IFS='|' read -r verb about; do
		printf "complete -c aiostall -n 'not __fish_seen_subcommand_from %s' -a %s -d '%s'\n" \
			"$all_verbs" "$verb" "${about//\'/}"
		where="__fish_seen_subcommand_from $verb"
		[ "$verb" = stat ] && where="$where; or not __fish_seen_subcommand_from $all_verbs"
		while IFS='|' read -r name letter arg help; do
			printf "complete -c aiostall -n '%s' -l %s" "$where" "$name"
			[ -z "$letter" ] || printf ' -s %s' "$letter"
			if [ -n "$arg" ]; then
				values "$arg" "$help"
				case $list in
				@file | @folder) printf ' -r -F' ;;
				@pid) printf " -x -a '(__fish_complete_pids)'" ;;
				@type) printf " -x -a '(string replace -r \".*\\\\t\" \"\" < /proc/filesystems)'" ;;
				*) printf " -x -a '%s'" "$list" ;;
				esac
			fi
			help=${help//\'/}
			printf " -d '%s'\n" "${help:0:60}"
		done < <(options "$verb")
	done <<<"$verbs"
	echo "complete -c aiostall -n '__fish_seen_subcommand_from causes' -a '(aiostall causes 2>/dev/null | string replace -r \" .*\" \"\")'"
	echo "complete -c aiostall -n '__fish_seen_subcommand_from report diff' -F"
	;;
*)
	echo "usage: completions.sh BINARY bash|zsh|fish" >&2
	exit 2
	;;
esac
