#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# embed.sh NAME FILE: a C source on stdout that holds FILE as "const char NAME[]", with a
# zero behind it, and the length of FILE as "const size_t NAME_bytes".
set -eu
printf '/* Made by tools/embed.sh from %s. */\n' "$2"
printf 'extern const char %s[];\nconst char %s[] = {\n' "$1" "$1"
od -An -v -tx1 "$2" | sed -e 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
printf '0x00};\n#include <stddef.h>\nextern const size_t %s_bytes;\nconst size_t %s_bytes = sizeof(%s) - 1;\n' "$1" "$1" "$1"
