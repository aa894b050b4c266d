#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# embed.sh NAME FILE: a C source on stdout that holds FILE's text as "const char NAME[]".
set -eu
printf '/* Made by tools/embed.sh from %s. */\n' "$2"
printf 'extern const char %s[];\nconst char %s[] = {\n' "$1" "$1"
od -An -v -tx1 "$2" | sed -e 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
printf '0x00};\n'
