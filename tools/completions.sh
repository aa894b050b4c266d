#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# completions.sh BINARY bash|zsh|fish: what a shell completes, on stdout. The verbs and options are
# those of the binary's own --help, which come from its tables.
set -eu
binary=$1 shell=$2

verbs=$("$binary" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\)  *\([^ ].*\)/\1|\2/p')

# options VERB: lines "long|letter|ARG|help", a wrapped help as one line.
options() {
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

# values ARG HELP: the words that an option takes, if its help lists them.
values() {
	case $1 in
	NAME | WHAT*)
		sed -n 's/.*: \([a-z_-]*, [a-z_, -]*\).*/\1/p' <<<"$2" | tr -d ,
		;;
	NEED=WAY)
		grep -oE '[a-z]+=[a-z_]+(\|[a-z_]+)*' <<<"$2" | grep '|' | while IFS='=' read -r need ways; do
			tr '|' '\n' <<<"$ways" | sed "s/^/$need=/"
		done | tr '\n' ' '
		;;
	esac
}

# What else can be completed by an option's argument.
kind() {
	case $1 in
	FILE) echo file ;;
	PATH) echo folder ;;
	PID*) echo pid ;;
	TYPE*) echo type ;;
	*) echo ;;
	esac
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
			list=$(values "$arg" "$help")
			[ -n "$list" ] || list=$(kind "$arg")
			case $list in
			file) list='@file' ;;
			folder) list='@folder' ;;
			pid) list=$pids ;;
			type) list=$types ;;
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
	while IFS='|' read -r verb about; do
		printf "complete -c aiostall -n 'not __fish_seen_subcommand_from %s' -a %s -d '%s'\n" \
			"$(verb_words)" "$verb" "${about//\'/}"
		where="__fish_seen_subcommand_from $verb"
		[ "$verb" = stat ] && where="$where; or not __fish_seen_subcommand_from $(verb_words)"
		while IFS='|' read -r name letter arg help; do
			printf "complete -c aiostall -n '%s' -l %s" "$where" "$name"
			[ -z "$letter" ] || printf ' -s %s' "$letter"
			if [ -n "$arg" ]; then
				list=$(values "$arg" "$help")
				case ${list:-$(kind "$arg")} in
				file | folder) printf ' -r -F' ;;
				pid) printf " -x -a '(__fish_complete_pids)'" ;;
				type) printf " -x -a '(string replace -r \".*\\\\t\" \"\" < /proc/filesystems)'" ;;
				*) printf " -x -a '%s'" "$list" ;;
				esac
			fi
			printf " -d '%s'\n" "$(cut -c1-60 <<<"${help//\'/}")"
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
